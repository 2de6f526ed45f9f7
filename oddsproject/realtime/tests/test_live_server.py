"""The whole way over real processes: publish → dispatcher → Redis → web server → browser."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from oddsproject.realtime import publish
from oddsproject.realtime.tests.helpers import make_user, session_cookie

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[3]
# channels-redis reads for 5 s at a time; a Redis client with a shorter patience than that closes
# every idle socket then.
LONGER_THAN_ONE_READ = 6.5


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def database_url():
    db = connection.settings_dict
    password = f":{db['PASSWORD']}" if db["PASSWORD"] else ""
    return f"postgres://{db['USER']}{password}@{db['HOST']}:{db['PORT']}/{db['NAME']}"


@pytest.fixture
def server(tmp_path):
    """http://… of a web process; a dispatcher runs beside it."""
    port = free_port()
    env = {**os.environ, "DATABASE_URL": database_url(), "REDIS_URL": settings.REDIS_URL, "DEBUG": "1"}
    uvicorn = ["-m", "uvicorn", "oddsproject.asgi:application", "--port", str(port), "--lifespan", "off"]
    commands = [uvicorn, ["manage.py", "dispatch_notices"]]
    processes = []
    with (tmp_path / "log").open("w") as log:
        for command in commands:
            processes.append(
                subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env, stdout=log, stderr=log, text=True)
            )
        try:
            wait_for_port(port, processes[0], tmp_path / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                process.wait(15)


def wait_for_port(port, process, log, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            select.select([], [], [], 0.1)
    raise AssertionError(log.read_text())


def test_an_idle_socket_lives_hears_and_is_told_apart_from_a_stranger(server):
    cookie = session_cookie(make_user("victor", "viewer"))
    address = server.replace("http", "ws") + "/api/ws?topics=unmapped_alerts"
    with connect(address, origin=server, additional_headers={"Cookie": f"sessionid={cookie}"}) as browser:
        assert json.loads(browser.recv(10))["type"] == "connection_ack"
        with pytest.raises(TimeoutError):
            browser.recv(LONGER_THAN_ONE_READ)
        notice = publish("unmapped_alerts", "unmapped_alert", {"count": 1, "markets": []})
        message = json.loads(browser.recv(15))
        assert message["seq"] == notice.id and message["data"]["count"] == 1
        browser.send(b"\x00")
        with pytest.raises(ConnectionClosed):
            browser.recv(10)
        assert browser.close_code == 1003
    for headers, origin in (({}, server), ({"Cookie": f"sessionid={cookie}"}, "http://evil.example")):
        with pytest.raises(InvalidStatus, match="403"), connect(address, origin=origin, additional_headers=headers):
            pass
