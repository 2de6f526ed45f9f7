"""The checker finds what it is there for."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from odds.models import EventLink, LinkFingerprints, MarketOddsCurrent, MarketOddsHistory
from odds.storage import MarketWriteBatch, ObservedMarkets, handle_market_write_batch
from odds.storage.checks import run_checks
from odds.tests.builders import at, make_event, make_market

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    event = make_event(links={"betpawa": "1"})
    for minute, price in enumerate(("2.1", "2.2")):
        observed = ObservedMarkets(event.pk, "betpawa", at(minute), True, (make_market("3743", (price, "3", "3")),))
        handle_market_write_batch(MarketWriteBatch((observed,)))
    return event


def history_like(event, minute, outcomes):
    MarketOddsHistory.objects.create(
        event=event, bookmaker_slug="betpawa", betpawa_market_id="3743", outcomes=outcomes, captured_at=at(minute)
    )


def test_a_sound_state_has_no_problem(event):
    out = StringIO()
    call_command("check_odds", stdout=out)
    assert "agree" in out.getvalue()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda event: MarketOddsCurrent.objects.update(outcomes=[]), "not its current state"),
        (
            lambda event: history_like(event, 5, [{"odds": "9"}]),
            "not its current state",
        ),
        (lambda event: history_like(event, 5, MarketOddsCurrent.objects.get().outcomes), "say the same"),
        (lambda event: history_like(event, -5, []), "another order"),
        (lambda event: EventLink.objects.update(market_count=9), "counts"),
        (lambda event: EventLink.objects.update(confirmed_at=at(99)), "older than"),
        (lambda event: LinkFingerprints.objects.update(fingerprints=b"12345678"), "Packed"),
        (lambda event: MarketOddsCurrent.objects.update(fingerprint=5), "Packed"),
        (lambda event: EventLink.objects.all().delete(), "no link"),
        (lambda event: MarketOddsCurrent.objects.update(missed_count=1), "two complete answers"),
    ],
)
def test_each_rule_is_checked(event, damage, said):
    damage(event)
    assert any(said in problem for problem in run_checks())
    with pytest.raises(CommandError):
        call_command("check_odds", stdout=StringIO())


def test_a_market_without_any_history_is_found(event):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE market_odds_current SET betpawa_market_id = '77'")
    assert any("has no history" in problem for problem in run_checks())
