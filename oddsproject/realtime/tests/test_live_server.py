"""The whole way over real processes: publish → dispatcher → Redis → web server → browser."""

import json
import socket

import pytest
from django.conf import settings
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from oddsproject.realtime import publish
from oddsproject.realtime.tests.helpers import make_user, session_cookie
from oddsproject.stack import processes
from tests import children

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# channels-redis reads for 5 s at a time; a Redis client with a shorter patience than that closes
# every idle socket then.
LONGER_THAN_ONE_READ = 6.5


@pytest.fixture
def server(tmp_path):
    """http://… of a web process; a dispatcher runs beside it."""
    port = processes.free_port()
    env = children.environment(REDIS_URL=settings.REDIS_URL, DEBUG="1")
    uvicorn = ["-m", "uvicorn", "oddsproject.asgi:application", "--port", port, "--lifespan", "off"]
    with (
        (tmp_path / "log").open("w") as log,
        children.python(*uvicorn, env=env, stdout=log, stderr=log) as web,
        children.python("manage.py", "dispatch_notices", env=env, stdout=log, stderr=log),
    ):
        wait_for_port(port, web, tmp_path / "log")
        yield f"http://127.0.0.1:{port}"


def wait_for_port(port, process, log):
    assert processes.wait_until(lambda: answers(port), seconds=120, process=process), log.read_text()


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


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
