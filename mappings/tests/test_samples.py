"""A kept fixture comes back as it went in."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection

from mappings.evidence.samples import LONGEST_RULES, BookSample, Fixture, pack, recent_fixtures, sample_of
from mappings.models import PriceFixture
from mappings.shapes import ScrapedEvent, ScrapedMarket, ScrapedOutcome
from mappings.suggestions.observations import view_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_fixture_comes_back_with_every_market_line_and_price():
    market = ScrapedMarket(
        "18", "total=2.5", (ScrapedOutcome("Over 2.5", "1.90"), ScrapedOutcome("Under 2.5", 1.9, False)), Decimal("2.5")
    )
    books = {"sportybet": BookSample("sportybet", "sr:match:1", "Home", "Away", AT, (market,))}
    for number, keys in enumerate((["sportybet:18"], ["sportybet:1"])):
        PriceFixture.objects.create(
            event_key=f"{number}", event_id=number, home_team="Home", away_team="Away", kickoff_at=AT, sampled_at=AT,
            books=["sportybet"], keys=keys, payload=pack(books),
        )  # fmt: skip
    (fixture,) = recent_fixtures(keys=["sportybet:18"])
    assert fixture.books == books
    assert len(recent_fixtures()) == 2


def test_the_database_does_not_compress_what_is_compressed():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attstorage FROM pg_attribute WHERE attrelid = 'price_fixture'::regclass AND attname = 'payload'"
        )
        assert cursor.fetchone() == ("e",)


def test_betpawas_rules_text_is_kept_once_for_a_market_and_bounded():
    lines = tuple(
        ScrapedMarket("5000", str(quarters), (ScrapedOutcome("Over", 1.9),), None, "Goals", "Pick how many. " * 200)
        for quarters in (6, 10)
    )
    event = ScrapedEvent("betpawa", "1", "77", "Home", "Away", AT, "", "", lines)
    first, second = sample_of(event, AT).markets
    assert first.rules_text.startswith("Pick how many.") and len(first.rules_text) == LONGEST_RULES
    assert second.rules_text == ""
    view = view_of(Fixture("77", 1, "Home", "Away", "", "", AT, AT, {"betpawa": sample_of(event, AT)}))
    assert view.offered["5000"].rules_text == first.rules_text
