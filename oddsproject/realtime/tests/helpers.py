"""A socket client in the same process, and the people who use it."""

import asyncio
import json
import time

from asgiref.testing import ApplicationCommunicator
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from oddsproject.realtime.routing import websocket_application

ORIGIN = b"http://testserver"


def make_user(username, role=None):
    user = get_user_model().objects.create_user(username, is_staff=role is not None)
    if role:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


def session_cookie(user):
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


PATIENCE = 30  # seconds; a loaded machine is slow, and a second less cuts the socket off in its leaving


class Socket(ApplicationCommunicator):
    """A browser's end. (The one of channels.testing cannot be imported without daphne.)"""

    async def connect(self, timeout=PATIENCE):
        """(accepted, close code or subprotocol)."""
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(timeout)
        return answer["type"] == "websocket.accept", answer.get("code")

    async def send_to(self, text_data=None, bytes_data=None):
        await self.send_input({"type": "websocket.receive", "text": text_data, "bytes": bytes_data})

    async def receive_from(self, timeout=PATIENCE):
        message = await self.receive_output(timeout)
        assert message["type"] == "websocket.send", message
        return message["text"]

    async def disconnect(self):
        if not self.future.done():
            await self.send_input({"type": "websocket.disconnect", "code": 1000})
            await self.wait(timeout=PATIENCE)


def socket(path="/api/ws", cookie=None, origin=ORIGIN, host=b"testserver", scheme="ws", extra=()):
    headers = [(b"host", host), *extra]
    if cookie is not None:
        headers.append((b"cookie", f"sessionid={cookie}".encode()))
    if origin is not None:
        headers.append((b"origin", origin))
    address, _, query = path.partition("?")
    scope = {
        "type": "websocket",
        "path": address,
        "query_string": query.encode(),
        "headers": headers,
        "scheme": scheme,
        "subprotocols": [],
    }
    return Socket(websocket_application, scope)


async def read(communicator, type=None, timeout=PATIENCE):
    """The next message, or the next of that type."""
    deadline = time.monotonic() + timeout
    while True:
        message = json.loads(await communicator.receive_from(timeout=deadline - time.monotonic()))
        if type is None or message["type"] == type:
            return message


async def close_code(communicator, timeout=PATIENCE):
    """The code that the server closes with, skipping what it says before."""
    async with asyncio.timeout(timeout):
        while True:
            output = await communicator.receive_output(timeout)
            if output["type"] == "websocket.close":
                return output.get("code")
