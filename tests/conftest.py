"""The demo bookmakers for the whole-pipeline tests: a real HTTP server, its world frozen at will."""

import pytest
from django.core.cache import cache

from odds.models import Bookmaker
from scraping import http
from scraping.batches import described
from scraping.demo.server import DemoServer
from scraping.limits import close_limiter
from scraping.models import BookmakerHealth

NAMES = {"betpawa": "BetPawa", "sportybet": "SportyBet", "bet9ja": "Bet9ja"}


class Demo:
    """The server of one test, and what is done to it."""

    def __init__(self, server):
        self.server = server
        self.urls = server.urls
        self.control = server.control

    def freeze(self):
        """From now on the bookmakers say the same until `advance`."""
        self.control({"clock": {"freeze": True}})

    def advance(self, seconds):
        self.control({"clock": {"advance_seconds": seconds}})

    def fault(self, bookmaker, name, **options):
        self.control({"add_faults": [{"bookmaker": bookmaker, "fault": name, **options}]})

    def hide(self, bookmaker, **what):
        """Take an event (event=external id), a market (key=) or a market of an event off the offer."""
        hidden = self.server.state()["hidden"]
        self.control({"hidden": [*hidden, {"bookmaker": bookmaker, **what}]})

    def mend(self):
        """No faults, nothing hidden; whoever had paused or given up asks again."""
        self.control({"faults": [], "hidden": []})
        BookmakerHealth.objects.update(paused_until=None, pause_reason="")
        forget_clients()


def forget_clients():
    """Clients remember addresses and open circuits; the next request makes fresh ones."""
    close_limiter()
    for client in http._clients.values():
        client.close()
    http._clients.clear()


@pytest.fixture(scope="session")
def demo_server():
    with DemoServer(seed=7, events=13) as server:
        yield server


@pytest.fixture
def demo(demo_server, settings, transactional_db):
    """A dozen events or so, no latency, waits between attempts cut to nothing."""
    for position, (slug, name) in enumerate(NAMES.items()):
        Bookmaker.objects.get_or_create(
            slug=slug, defaults={"name": name, "position": position, "is_reference": slug == "betpawa"}
        )
    settings.BOOKMAKER_URLS = demo_server.urls
    settings.BOOKMAKER_BACKOFF_FACTOR = 0.01
    settings.DEBUG = True
    forget_clients()
    described.clear()  # the tables are empty again
    cache.clear()
    demo_server.control({"faults": [], "hidden": [], "latency": dict.fromkeys(NAMES, 0), "clock": {"freeze": False}})
    yield Demo(demo_server)
    forget_clients()
