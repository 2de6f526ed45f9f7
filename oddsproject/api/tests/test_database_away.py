"""A database that does not answer: people are told so, and soon."""

import os
import subprocess
import sys
import time

import psycopg
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.signals import got_request_exception
from django.db import OperationalError, connection

from oddsproject.bounded_connection import BoundedConnection

SILENCE = OperationalError("The database has not answered within 4 s.")


class Impatient(BoundedConnection):
    answer_seconds = 0.3


@pytest.fixture
def own_connection(db):
    params = connection.get_connection_params()
    kept = {name: params[name] for name in ("host", "port", "user", "password", "dbname") if name in params}
    with Impatient.connect(**kept, autocommit=True) as own:
        backend = own.info.backend_pid
        yield own
    with connection.cursor() as cursor:  # what it was told to do goes on without it
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])


def test_a_silent_database_is_given_up_and_its_connection_closed(own_connection):
    started = time.monotonic()
    with pytest.raises(psycopg.OperationalError, match="not answered"):
        own_connection.execute("SELECT pg_sleep(20)")
    assert time.monotonic() - started < 10
    assert own_connection.closed


def test_a_database_that_answers_in_time_is_not_disturbed(own_connection):
    assert own_connection.execute("SELECT pg_sleep(0.05), 7").fetchone()[1] == 7
    assert not own_connection.closed


def test_the_web_processes_pool_checks_its_connections_within_their_limit(db):
    """Built by Django from the settings, as in a process with DB_POOL=1; the limit is made too short for any answer."""
    program = (
        "import django, sys; django.setup();"
        "from django.db import connection as c; from django.db.utils import OperationalError;"
        "c.ensure_connection(); own = c.connection; print(type(own).__name__);"
        "own.execute(''); own.check_seconds = 1e-9\n"
        # Once in a while the answer is there before anybody looks; not a thousand times in a row.
        "try:\n"
        "    for _ in range(1000): own.execute('')\n"
        "except Exception as error: print(error)\n"
        "c.close()"
    )
    environment = os.environ | {"DB_POOL": "1", "DJANGO_SETTINGS_MODULE": "oddsproject.settings"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.split("\n")[0] == "BoundedConnection", done.stderr
    assert "not answered within 1e-09 s" in done.stdout


def _silent_sessions(monkeypatch):
    """Returns the list of keys that were asked for."""
    asked = []

    def load(self):
        asked.append(self.session_key)
        raise SILENCE

    monkeypatch.setattr(SessionStore, "load", load)
    return asked


@pytest.fixture
def client(client):
    client.raise_request_exception = False
    client.cookies["sessionid"] = "a" * 32
    return client


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", ["/admin/", "/api/unmapped"])
def test_a_page_says_503_when_the_database_is_away(db, client, monkeypatch, settings, path, debug):
    settings.DEBUG = debug
    _silent_sessions(monkeypatch)
    response = client.get(path)
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert "database" in response.content.decode()


@pytest.mark.parametrize("path", ["/admin/", "/api/unmapped"])
def test_a_request_waits_for_a_silent_database_once(db, client, monkeypatch, path):
    asked = _silent_sessions(monkeypatch)
    assert client.get(path).status_code == 503
    assert len(asked) == 1


def test_who_was_known_before_the_database_went_away_stays_known(db, admin_client, monkeypatch, settings):
    users = []

    def fail(self, *args, **kwargs):
        raise SILENCE

    def remember(sender, request=None, **kwargs):
        users.append(request.user.get_username())

    monkeypatch.setattr("oddsproject.api.alerts.Alerts.get", fail)
    got_request_exception.connect(remember)
    try:
        admin_client.raise_request_exception = False
        assert admin_client.get("/api/alerts").status_code == 503
    finally:
        got_request_exception.disconnect(remember)
    assert users == ["admin"]


def test_the_api_says_503_when_the_database_goes_away_in_the_view(db, client, monkeypatch):
    monkeypatch.setattr("oddsproject.api.authentication.BearerAuthentication.authenticate", _refuse)
    response = client.get("/api/unmapped")
    assert response.status_code == 503
    assert response["content-type"].startswith("application/problem+json")
    assert response.json()["code"] == "database_away"


def _refuse(self, request):
    raise SILENCE
