"""Whoever signs in at the plain sign-in page arrives at the desk."""

from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db


def test_signing_in_without_a_page_asked_for_leads_to_the_desk(client):
    User.objects.create_superuser("ada", password="a long enough word")
    answer = client.post("/admin/login/", {"username": "ada", "password": "a long enough word"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


@pytest.mark.parametrize(
    ("came_from", "back"),
    [
        ("http://testserver/admin/mappings/unmappedmarketlog/?tab=NEW", "/admin/mappings/unmappedmarketlog/?tab=NEW"),
        ("https://elsewhere.example/admin/", "/admin/"),
        ("", "/admin/"),
    ],
)
def test_a_form_sent_after_the_session_ended_says_that_nothing_was_saved_and_leads_back_to_its_page(
    client, came_from, back
):
    answer = client.post("/admin/mappings/unmappedmarketlog/decide/", {"ids": "1"}, headers={"referer": came_from})
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?{urlencode({'next': back}, safe='/')}")
    assert "nothing was saved" in client.get(answer["Location"]).content.decode()


def test_who_sent_a_form_that_keeps_drafts_is_told_that_nothing_typed_is_lost(client):
    answer = client.post("/admin/mappings/unmappedmarketlog/map/", {"ids": "1", "draft": "m3k9x0a1b2"})
    assert "What you typed is back then" in client.get(answer["Location"]).content.decode()
