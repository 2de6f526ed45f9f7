"""What people see when a page is missing, forbidden or broken, as in production: words, no internals."""

import pytest
from django.template.loader import render_to_string
from django.views import defaults


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
