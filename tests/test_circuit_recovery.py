"""A bookmaker that is mended while its circuit is open costs no further cycle."""

import time

import pytest

from odds.models import EventLink
from scraping.limits import get_limiter
from scraping.models import BookmakerHealth, ScrapeError, ScrapeRun

from .desk import cycle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_the_first_cycle_after_an_open_circuit_is_whole(demo, settings):
    """The probe's success reaches everybody who waits for it, lists as well as events, although the
    pause itself would be too long to wait for."""
    settings.BOOKMAKER_MAX_PAUSE_WAIT = 5
    settings.BOOKMAKER_PROBE_SECONDS = 7
    demo.freeze()
    cycle()
    demo.fault("betpawa", "status")
    assert cycle().status == ScrapeRun.Status.PARTIAL
    assert BookmakerHealth.objects.get(bookmaker_slug="betpawa").pause_reason.startswith("circuit")

    demo.control({"faults": [], "latency": {"betpawa": 300}})
    wait_for(lambda: get_limiter().paused_for("betpawa") == 0)
    run = cycle()
    assert run.status == ScrapeRun.Status.COMPLETED, run.summary
    assert not ScrapeError.objects.filter(run=run).exists()
    health = BookmakerHealth.objects.get(bookmaker_slug="betpawa")
    assert (health.state, health.paused_until, health.pause_reason) == ("up", None, "")
    confirmed = EventLink.objects.filter(bookmaker_slug="betpawa", confirmed_at__isnull=False)
    assert run.by_bookmaker.get(bookmaker_slug="betpawa").events_stored == confirmed.count() > 0
