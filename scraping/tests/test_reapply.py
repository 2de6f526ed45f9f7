"""A mapping applied at once to what is stored of running events."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ

from mappings.cache import mapping_cache
from mappings.evidence.samples import BookSample, keys_of, pack
from mappings.models import PriceFixture, UnmappedMarketLog
from mappings.ports import stored_odds
from mappings.services import create_mapping
from mappings.shapes import ScrapedMarket, ScrapedOutcome
from odds.models import EventLink, MarketOddsCurrent, MarketOddsHistory
from odds.storage import MarketWriteBatch, ObservedMarkets, handle_market_write_batch
from oddsproject.realtime.models import Notice
from scraping import tasks
from scraping.reapply import NotInForce, reapply
from scraping.tests.builders import make_event

pytestmark = pytest.mark.django_db

YES_NO = ScrapedMarket("777", "", (ScrapedOutcome("Yes", "1.8"), ScrapedOutcome("No", "2.1")))
OURS = ScrapedMarket("3743", "", (ScrapedOutcome("1", "2.5"),))


def stored(sportradar_id, *, observed_at=None, sampled_at=None, **options):
    """An event whose answer was stored by the mappings of before, and kept as a fixture."""
    event = make_event(sportradar_id, **options)
    sampled_at = sampled_at or timezone.now()
    handle_market_write_batch(
        MarketWriteBatch(
            (ObservedMarkets(event.pk, "sportybet", observed_at or sampled_at, True, (), mapping_version=1),)
        )
    )
    books = {
        slug: BookSample(slug, f"{slug}-{sportradar_id}", event.home_team, event.away_team, sampled_at, (market,))
        for slug, market in (("betpawa", OURS), ("sportybet", YES_NO))
    }
    PriceFixture.objects.create(
        event_key=sportradar_id, event_id=event.pk, home_team="H", away_team="A", kickoff_at=event.kickoff_at,
        sampled_at=sampled_at, books=list(books), keys=keys_of(books), payload=pack(books),
    )  # fmt: skip
    return event


@pytest.fixture
def mapping():
    change = create_mapping(
        canonical_id="coach_hat", user="ada", reason="",
        values={
            "name": "Coach wears a hat", "betpawa_id": "990001", "sportybet_id": "777",
            "outcome_mapping": [
                {"canonical_id": "yes", "betpawa_name": "Yes", "sportybet_desc": "Yes", "position": 0},
                {"canonical_id": "no", "betpawa_name": "No", "sportybet_desc": "No", "position": 1},
            ],
        },
    )  # fmt: skip
    return change.mapping


def test_running_events_get_the_mapping_now_with_its_version_and_people_are_told(mapping):
    event = stored("100")
    result = reapply("coach_hat", "ada")
    row = MarketOddsCurrent.objects.get()
    assert (row.event_id, row.bookmaker_slug, row.betpawa_market_id) == (event.pk, "sportybet", "990001")
    assert [outcome["odds"] for outcome in row.outcomes] == ["1.8", "2.1"]
    assert row.mapping_version == mapping_cache.version == result.mapping_version
    assert (result.events_applied, result.events_changed, result.markets_changed) == (1, 1, 1)
    notice = Notice.objects.get(topic="odds_updates")
    assert notice.data == {"eventIds": [event.pk], "source": "sportybet", "changed": 1}


def test_how_it_came_out_is_told(mapping):
    stored("100")
    UnmappedMarketLog.objects.create(source="sportybet", external_market_id="777", event_count=5)
    result = reapply("coach_hat", "ada")
    notice = Notice.objects.get(topic="unmapped_alerts", type="mapping_applied")
    assert notice.data == {
        "canonicalId": "coach_hat", "mappingVersion": result.mapping_version, "actor": "ada",
        "eventsApplied": 1, "eventsChanged": 1, "eventsWaiting": 4, "marketsChanged": 1,
    }  # fmt: skip


def test_a_second_time_changes_nothing(mapping):
    stored("100")
    reapply("coach_hat", "ada")
    again = reapply("coach_hat", "ada")
    assert (again.events_applied, again.events_changed, again.markets_changed) == (1, 0, 0)
    assert MarketOddsHistory.objects.count() == 1
    assert Notice.objects.filter(topic="odds_updates").count() == 1


def test_an_answer_that_is_not_the_newest_waits_for_the_next_cycle(mapping):
    now = timezone.now()
    stored("100", sampled_at=now - timedelta(minutes=5), observed_at=now)
    stored("101")
    UnmappedMarketLog.objects.create(source="sportybet", external_market_id="777", event_count=5)
    result = reapply("coach_hat", "ada")
    assert (result.events_applied, result.events_waiting) == (1, 4)
    assert EventLink.objects.get(event__sportradar_id="100", bookmaker_slug="sportybet").observed_at == now


def test_events_that_have_kicked_off_stay_as_they_are(mapping):
    stored("100", kickoff_in=timedelta(minutes=-1))
    moved = stored("101")
    type(moved).objects.filter(pk=moved.pk).update(kickoff_at=timezone.now() - timedelta(minutes=1))
    assert reapply("coach_hat", "ada").events_applied == 0
    assert not MarketOddsCurrent.objects.exists()


def test_an_event_that_is_gone_costs_itself_only(mapping):
    gone, left = stored("100"), stored("101")
    gone.delete()
    assert reapply("coach_hat", "ada").events_applied == 1
    assert MarketOddsCurrent.objects.get().event_id == left.pk


def test_the_desk_enqueues_it_and_the_task_gives_the_counts(mapping):
    stored("100")
    assert stored_odds().enqueue_reapply("coach_hat", "ada")
    task = OrmQ.objects.get().task
    assert (task["func"], task["args"]) == ("scraping.tasks.reapply", ("coach_hat", "ada"))
    assert tasks.reapply(*task["args"])["events_applied"] == 1
    counts = stored_odds().stored_rows("sportybet", "990001")
    assert (counts.events, counts.markets, counts.rows) == (1, 1, 1)
    assert stored_odds().reference_rows(["990001"]) == {"990001": 0}


def test_a_mapping_that_is_not_in_force_is_refused_in_words(mapping):
    with pytest.raises(NotInForce):
        reapply("nobody", "ada")
    assert tasks.reapply("nobody", "ada") == "not in force"
    with pytest.raises(CommandError, match="nobody"):
        call_command("apply_mapping", "nobody")
    out = StringIO()
    call_command("apply_mapping", "coach_hat", stdout=out)
    assert "0 events applied now" in out.getvalue()
