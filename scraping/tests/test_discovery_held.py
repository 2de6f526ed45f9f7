"""Lists that lose too much at once."""

import pytest

from odds.models import EventLink
from scraping import discovery
from scraping.bookmakers.base import Discovery, ListedEvent
from scraping.models import ScrapeError

from .builders import make_event, make_run

pytestmark = pytest.mark.django_db


def listed(event):
    link = event.links.get(bookmaker_slug="bet9ja")
    return ListedEvent(
        link.external_id, event.sportradar_id, link.home_team, link.away_team, link.kickoff_at, "Cup", "Ghana", "bet9ja"
    )


def test_a_list_that_loses_most_events_withdraws_none_and_leaves_a_row_for_people(monkeypatch):
    events = [make_event(str(number), slugs=["bet9ja"]) for number in range(100, 106)]
    answer = {"bet9ja": Discovery(events=[listed(events[0])], complete=True)}
    monkeypatch.setattr(discovery, "_ask_all", lambda run: discovery.Answers(found=answer))
    for _ in range(2):
        run = make_run(shares={"bet9ja": {}}, phase="discovering")
        discovery.discover(run, enqueue=False)
        run.status = "completed"
        run.save()
    assert not EventLink.objects.filter(withdrawn_at__isnull=False).exists()
    assert ScrapeError.objects.get(run=run).code == "EVENTS_HELD"
    assert run.by_bookmaker.get().withdrawal_held
