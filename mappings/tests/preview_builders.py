"""Kept fixtures, queue rows and stored odds, as previews find them."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mappings.evidence.samples import BookSample, keys_of, pack
from mappings.models import PriceFixture, UnmappedMarketLog
from mappings.tests.builders import AWAY, HOME

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Counted(NamedTuple):
    events: int
    markets: int
    rows: int


class Stored:
    """Stands in for the stored odds: {(slug, market id): Counted}."""

    def __init__(self, counts=None):
        self.counts = counts or {}
        self.asked = []

    def stored_rows(self, slug, market_id):
        self.asked.append((slug, market_id))
        return self.counts.get((slug, market_id), Counted(0, 0, 0))


def keep_fixture(number=1, **books):
    """One kept event; books: slug=[ScrapedMarket, …]."""
    samples = {
        slug: BookSample(slug, f"{slug}-{number}", HOME, AWAY, AT, tuple(markets)) for slug, markets in books.items()
    }
    return PriceFixture.objects.create(
        event_key=str(number),
        event_id=number,
        home_team=HOME,
        away_team=AWAY,
        kickoff_at=AT + timedelta(hours=6),
        sampled_at=AT + timedelta(minutes=number),
        books=sorted(samples),
        keys=keys_of(samples),
        payload=pack(samples),
    )


def queue_row(key="999", texts=("Yes", "No"), *, source="sportybet", specifier="", name="Penalty awarded", **columns):
    sample = [{"text": text, "key": text, "price": "1.9", "specifier": specifier} for text in texts]
    return UnmappedMarketLog.objects.create(
        source=source, external_market_id=key, market_name=name, sample_outcomes=sample, **columns
    )


def outcome(canonical_id, betpawa=None, sportybet=None, bet9ja=None, position=0):
    return {
        "canonical_id": canonical_id,
        "betpawa_name": betpawa,
        "sportybet_desc": sportybet,
        "bet9ja_suffix": bet9ja,
        "position": position,
    }


def yes_no(yes="Yes", no="No"):
    return [outcome("yes", "Yes", yes), outcome("no", "No", no, position=1)]
