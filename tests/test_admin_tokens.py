"""API tokens in the admin: shown once, one's own, revoked at once, every step on record."""

import re

import pytest
import structlog
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from oddsproject.api.models import ApiToken
from oddsproject.api.tokens import issue_token
from tests.admin_rows import HOSTILE, sign_in

pytestmark = pytest.mark.django_db
LIST = "/admin/api/apitoken/"
ADD = LIST + "add/"


def make_token(client, **sent):
    return client.post(ADD, {"name": "a feed", "role": "viewer", "days": "30", **sent})


def revoke(client, *tokens):
    return client.post(LIST, {"action": "revoke", "_selected_action": [token.pk for token in tokens]})


def status_of(secret):
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return api.get("/api/scrape/runs").status_code


def test_the_secret_is_on_one_page_only_and_works():
    client = sign_in("viewer")
    with structlog.testing.capture_logs() as logs:
        answer = make_token(client)
    secret = re.search(r"odds_[0-9a-f]{12}_[0-9a-f]{64}", answer.content.decode()).group()
    assert "no-store" in answer["Cache-Control"]
    assert status_of(secret) == 200
    token = ApiToken.objects.get()
    later = [client.get(address).content.decode() for address in (LIST, ADD, f"{LIST}{token.pk}/change/")]
    told = str(logs) + str(list(LogEntry.objects.values())) + str(client.cookies) + str(client.session.items())
    for text in (*later, told):
        assert secret.rsplit("_", 1)[1] not in text and token.secret_hash not in text
    assert token.secret_hash not in answer.content.decode()
    assert [entry["event"] for entry in logs if entry["event"].startswith("api.token")] == ["api.token_issued"]
    assert LogEntry.objects.get().is_addition()


def test_the_form_has_one_button_for_all_lead_to_the_same_page():
    page = sign_in("viewer").get(ADD).content.decode()
    assert 'name="_save"' in page and "_addanother" not in page and "_continue" not in page


def test_a_revoked_token_is_refused_at_once_and_who_did_it_is_on_record():
    client = sign_in("trader")
    token, secret = issue_token(user=User.objects.get(), name="x", role="trader")
    assert status_of(secret) == 200
    with structlog.testing.capture_logs() as logs:
        assert revoke(client, token).status_code == 302
        revoke(client, token)
    assert status_of(secret) == 401
    assert [(entry["prefix"], entry["by"]) for entry in logs if entry["event"] == "api.token_revoked"] == [
        (token.prefix, "a-trader")
    ]
    assert [entry.get_change_message() for entry in LogEntry.objects.all()] == ["Revoked"]


def test_everyone_sees_and_revokes_their_own_and_a_lead_all():
    viewer, other, lead = sign_in("viewer"), sign_in("trader"), sign_in("lead")
    theirs, _ = issue_token(user=User.objects.get(username="a-trader"), name="theirs", role="trader")
    assert theirs.prefix not in viewer.get(LIST).content.decode()
    assert viewer.get(f"{LIST}{theirs.pk}/change/").status_code == 302  # as if it were not there
    revoke(viewer, theirs)
    theirs.refresh_from_db()
    assert theirs.revoked_at is None
    assert theirs.prefix in other.get(LIST).content.decode()
    assert theirs.prefix in lead.get(LIST).content.decode()
    revoke(lead, theirs)
    theirs.refresh_from_db()
    assert theirs.revoked_at is not None


def test_nobody_makes_a_token_beyond_their_role_or_for_somebody_else():
    viewer, trader = sign_in("viewer"), sign_in("trader")
    other = User.objects.get(username="a-trader")
    for wrong in ({"role": "trader"}, {"role": "lead"}, {"days": "0"}, {"days": "366"}, {"name": ""}):
        assert make_token(viewer, **wrong).status_code == 200
    assert not ApiToken.objects.exists()
    make_token(viewer, user=other.pk, secret_hash="0" * 64, prefix="chosen")
    token = ApiToken.objects.get()
    assert token.user.username == "a-viewer" and token.prefix != "chosen" and token.secret_hash != "0" * 64
    assert make_token(trader, role="trader").status_code == 200
    assert other.api_tokens.get().role == "trader"


@pytest.mark.parametrize("role", ["plain", "none"])
def test_without_a_role_there_are_no_tokens(role):
    client = sign_in(role)
    assert {client.get(LIST).status_code, client.get(ADD).status_code, make_token(client).status_code} == {302}
    assert not ApiToken.objects.exists()


def test_a_token_is_neither_changed_nor_deleted_by_hand():
    client = sign_in("superuser")
    token, _ = issue_token(user=User.objects.get(), name=HOSTILE, role="trader")
    assert "<script>alert" not in client.get(LIST).content.decode()
    assert client.post(f"{LIST}{token.pk}/change/", {"name": "y", "role": "viewer"}).status_code == 403
    assert client.get(f"{LIST}{token.pk}/delete/").status_code == 403
    token.refresh_from_db()
    assert token.name == HOSTILE
