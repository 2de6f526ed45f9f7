import pytest
import pytest_asyncio
from channels.db import database_sync_to_async

from oddsproject.realtime.tests.helpers import make_user, read, session_cookie, socket


@pytest.fixture
def viewer(transactional_db):
    return make_user("victor", "viewer")


@pytest.fixture
def cookie(viewer):
    return session_cookie(viewer)


@pytest_asyncio.fixture
async def connected(cookie):
    """A function that opens an acknowledged socket; all of them are closed at the end."""
    opened = []

    async def open_socket(path="/api/ws?topics=unmapped_alerts"):
        communicator = socket(path, cookie)
        opened.append(communicator)
        accepted, _ = await communicator.connect()
        assert accepted
        communicator.ack = await read(communicator, "connection_ack")
        return communicator

    yield open_socket
    for communicator in opened:
        await communicator.disconnect()


@pytest.fixture
def in_thread():
    """Call database code from an async test."""
    return database_sync_to_async
