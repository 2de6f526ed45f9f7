from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from oddsproject.api.models import ApiToken
from oddsproject.api.tests.people import make_person
from oddsproject.api.tokens import issue_token

pytestmark = pytest.mark.django_db


def bearer(text):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def test_the_secret_is_shown_once_and_not_kept():
    make_person("trader")
    out = StringIO()
    call_command("create_token", "trader", name="feed", role="trader", stdout=out, stderr=StringIO())
    secret = out.getvalue().strip()
    token = ApiToken.objects.get()
    assert secret.split("_")[2] not in str(vars(token))
    assert bearer(secret).get("/api/scrape/runs").status_code == 200
    token.refresh_from_db()
    assert token.last_used_at is not None


def test_a_token_has_its_own_role_and_never_more_than_its_user():
    trader = make_person("trader")
    _, viewing = issue_token(user=trader, name="a", role="viewer")
    assert bearer(viewing).post("/api/scrape/event/1").status_code == 403
    _, trading = issue_token(user=trader, name="b", role="trader")
    assert bearer(trading).post("/api/scrape/event/1").status_code == 404
    trader.groups.clear()
    assert bearer(trading).get("/api/scrape/runs").status_code == 403


def test_a_superuser_with_a_token_is_no_lead():
    lead = make_person("lead")
    lead.is_superuser = True
    lead.save()
    _, token = issue_token(user=lead, name="a", role="trader")
    assert bearer(token).post("/api/scheduler/pause").status_code == 403


def test_nobody_gets_a_token_beyond_their_role():
    make_person("viewer")
    with pytest.raises(CommandError, match="is not a trader"):
        call_command("create_token", "viewer", name="x", role="trader")
    with pytest.raises(CommandError, match="no user"):
        call_command("create_token", "nobody", name="x")


@pytest.mark.parametrize("how", ["expired", "revoked", "off", "altered"])
def test_a_token_that_is_over_is_401_at_once(how):
    viewer = make_person("viewer")
    token, text = issue_token(user=viewer, name="x", role="viewer")
    if how == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "revoked":
        ApiToken.objects.update(revoked_at=timezone.now())
    elif how == "off":
        viewer.is_active = False
        viewer.save()
    else:
        text = text[:-1] + ("0" if text[-1] != "0" else "1")
    response = bearer(text).get("/api/scrape/runs")
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["detail"] == "The token is not valid."


@pytest.mark.parametrize("text", ["", "x", "odds__", "odds_a_b_c", "odds_\x00_b", "é" * 20, "a" * 10_240, "odds_a_b c"])
def test_a_malformed_token_is_401(text):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    assert client.get("/api/scrape/runs").status_code == 401


def test_a_token_in_the_address_is_not_one():
    _, text = issue_token(user=make_person("viewer"), name="x", role="viewer")
    assert APIClient().get(f"/api/scrape/runs?token={text}").status_code == 401
