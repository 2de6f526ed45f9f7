"""What people see when a page is missing, forbidden or broken, as in production: words, no internals."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.views import defaults

from oddsproject.stack.supervisor import ON_A_LAPTOP

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", ["400.html", "403.html", "404.html", "500.html"])
def test_an_error_page_renders_from_nothing(name):
    page = render_to_string(name)
    assert 'href="/admin/"' in page and "<h1>" in page


@pytest.mark.parametrize(
    ("view", "arguments", "status"),
    [
        (defaults.page_not_found, (LookupError("secret"),), 404),
        (defaults.permission_denied, (PermissionError("secret"),), 403),
        (defaults.server_error, (), 500),
    ],
)
def test_an_error_page_tells_nothing_of_the_error(rf, view, arguments, status):
    answer = view(rf.get("/nonsense/<script>"), *arguments)
    assert answer.status_code == status
    assert b"secret" not in answer.content and b"<script>" not in answer.content


def test_a_missing_page_is_the_desks_own_without_debug(client, settings):
    settings.DEBUG = False
    answer = client.get("/nonsense")
    assert answer.status_code == 404 and b"To the overview" in answer.content


LOOK_AT_THE_DESK = """
import django
django.setup()
from django.test import Client
from scraping.addresses import checked_base_url
checked_base_url("betpawa", "http://127.0.0.1:8100/betpawa")
answer = Client(SERVER_NAME="127.0.0.1").get("/nonsense")
print(answer.status_code, "To the overview" in answer.content.decode(), answer.headers.get("location"))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("pages", "seen"), [("0", "404 True None"), ("1", "404 False None")])
def test_on_a_laptop_people_see_the_desks_own_page_and_developers_ask_for_theirs(pages, seen):
    environment = os.environ | ON_A_LAPTOP | {"DJANGO_SETTINGS_MODULE": "oddsproject.settings", "LOG_LEVEL": "ERROR"}
    environment |= {"DEBUG_PAGES": pages} if pages != ON_A_LAPTOP["DEBUG_PAGES"] else {}
    answer = subprocess.run(
        [sys.executable, "-c", LOOK_AT_THE_DESK], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert answer.stdout.strip() == seen, answer.stderr
