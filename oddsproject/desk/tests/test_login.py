"""Whoever signs in at the plain sign-in page arrives at the desk."""

import pytest
from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db


def test_signing_in_without_a_page_asked_for_leads_to_the_desk(client):
    User.objects.create_superuser("ada", password="a long enough word")
    answer = client.post("/admin/login/", {"username": "ada", "password": "a long enough word"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
