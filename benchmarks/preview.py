"""A mapping's preview at demo size and at 480,000 current rows, against the bare counting queries.

Sixty kept fixtures of the demo bookmakers' own payloads, a thousand queue rows. Previewed are a
new mapping from a queue row (nothing stored is counted), a changed name of the over/under that
every bookmaker has (three bookmakers are counted, every line of twelve events is mapped twice),
and the same switched off. The floor counts the same stored rows with one query per bookmaker, and
checks, maps and compares nothing; where nothing is counted there is none.
"""

import gc
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module

from django.db import connection

from benchmarks._odds_world import SLUGS, Board
from benchmarks.harness import timed
from mappings.evidence.samples import keys_of, pack, sample_of
from mappings.models import PriceFixture, UnmappedMarketLog
from mappings.preview import preview_mapping
from mappings.services import create_mapping
from odds.storage import handle_market_write_batch

ROUNDS = 15
FIXTURES = 60
TARGET = "3700"  # of the board's markets: sixteen lines of which each event has eight
COUNT = """
SELECT count(DISTINCT event_id), count(DISTINCT line), count(*) FROM market_odds_current
 WHERE bookmaker_slug = %s AND betpawa_market_id = %s AND unavailable_at IS NULL
"""
OUTCOMES = [
    {"canonical_id": "yes", "betpawa_name": "Yes", "sportybet_desc": "Yes", "bet9ja_suffix": None, "position": 0},
    {"canonical_id": "no", "betpawa_name": "No", "sportybet_desc": "No", "bet9ja_suffix": None, "position": 1},
]
NEW = {"name": "Penalty awarded", "betpawa_id": "777001", "outcome_mapping": OUTCOMES}


def run(report):
    _desk()
    for name, events in (("demo", 40), ("480k", 2_000)):
        _fill(events)
        row = UnmappedMarketLog.objects.order_by("pk").first()
        _measure(report, f"preview-new-{name}", None, canonical_id="penalty_ft", values=NEW, ids=[row.pk])
        changes = {"name": {"name": "Goals"}, "off": {"is_active": False}}
        for what, values in changes.items():
            _measure(report, f"preview-{what}-{name}", TARGET, canonical_id="over_under_ft", values=values)


def _measure(report, name, counted, **arguments):
    preview_mapping(**arguments)
    seconds, floors = [], []
    for _ in range(ROUNDS):
        gc.collect()
        with timed(seconds):
            preview_mapping(**arguments)
        if counted:
            with timed(floors):
                _count(counted)
    report.add(
        name=name, unit="ms", values=[s * 1000 for s in seconds], floor_values=[s * 1000 for s in floors] or None
    )


def _count(market_id):
    with connection.cursor() as cursor:
        for slug in SLUGS:
            cursor.execute(COUNT, [slug, market_id])
            cursor.fetchone()


def _fill(events):
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE market_odds_current, market_odds_history, odds_event, odds_tournament CASCADE")
    for batch in Board(events).batches():
        handle_market_write_batch(batch)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _desk():
    """An override whose stored rows are the board's, kept fixtures, and a queue."""
    create_mapping(canonical_id="over_under_ft", values={"betpawa_id": TARGET}, user="benchmark")
    PriceFixture.objects.bulk_create(_fixtures())
    sample = [{"text": text, "key": text, "price": "1.9", "specifier": ""} for text in ("Yes", "No")]
    UnmappedMarketLog.objects.bulk_create(
        UnmappedMarketLog(
            source="sportybet",
            external_market_id=str(900_000 + number),
            market_name=f"Market {number}",
            sample_outcomes=sample,
            event_count=number % 40,
        )
        for number in range(1_000)
    )


def _fixtures():
    from scraping.demo.content import Content
    from scraping.demo.prices import Life
    from scraping.demo.world import World

    now = time.time()
    at = datetime.fromtimestamp(now, UTC)
    world = World(seed=7, events=FIXTURES * 2)
    content = Content(world, Life())
    decoders = {slug: import_module(f"scraping.bookmakers.{slug}.decoder").decode_event for slug in SLUGS}
    for number, event in enumerate(world.open_events(now)[:FIXTURES]):
        books = {}
        for slug in sorted(set(event.offered_by) & set(SLUGS)):
            answer = content.detail(slug, event.external_id(slug), now)
            if answer is not None:
                books[slug] = sample_of(decoders[slug](answer.plain()), at)
        yield PriceFixture(
            event_key=str(number),
            event_id=number,
            home_team="Home",
            away_team="Away",
            kickoff_at=at + timedelta(hours=6),
            sampled_at=at,
            books=sorted(books),
            keys=keys_of(books),
            payload=pack(books),
        )
