"""Suggestions of the queue: stored where they changed, never against a person, back in the same words."""

import io
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from mappings.catalogue.loader import built_in
from mappings.evidence.samples import keys_of, pack
from mappings.models import MarketSuggestion, PriceFixture, RejectedPair, UnmappedMarketLog
from mappings.suggestions import datasets, engine, memory, scoring
from mappings.suggestions.evaluation import sources_of
from mappings.suggestions.observations import Views, view_of
from mappings.suggestions.ranking import World

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
HIDDEN = {"sportybet": ("19", "60100", "450001"), "bet9ja": ("S_NEWOU1T", "S_HAOU")}


@pytest.fixture(scope="module")
def world():
    return datasets.load("demo", events=8, seed=3)


@pytest.fixture
def fixtures(world):
    """The fixtures of a small demo world, stored as the collector stores them."""
    PriceFixture.objects.bulk_create(
        PriceFixture(
            event_key=fixture.event_key, event_id=number, home_team=fixture.home_team, away_team=fixture.away_team,
            kickoff_at=AT, sampled_at=AT, books=sorted(fixture.books), keys=keys_of(fixture.books),
            payload=pack(fixture.books),
        )
        for number, fixture in enumerate(world.fixtures)
    )  # fmt: skip
    return world


def row_of(world, slug, key, **extra):
    """A queue row as the logger writes it, of the first fixture that has the key."""
    name, rules, labels = world.names[slug, key]
    market = next(m for f in world.fixtures for m in f.books[slug].markets if m.key == key)
    sample = [
        {"text": labels.get(o.text, o.text), "key": o.text, "price": str(o.price), "specifier": market.specifier}
        for o in market.outcomes[:12]
    ]
    values = {"market_name": name, "rules_text": rules, "sample_outcomes": sample, "last_seen_at": AT} | extra
    return UnmappedMarketLog.objects.create(source=slug, external_market_id=key, **values)


def stored(row):
    return list(MarketSuggestion.objects.filter(unmapped=row).values())


def test_a_row_gets_up_to_five_suggestions_and_what_lists_show(fixtures):
    row = row_of(fixtures, "sportybet", "19")
    result = engine.rescore()
    assert (result.rows, result.changed, result.busy, result.fixtures) == (1, 1, 0, 8)
    row.refresh_from_db()
    best, *others = MarketSuggestion.objects.filter(unmapped=row)
    assert (best.betpawa_id, best.canonical_id) == ("5006", "home_over_under_ft")
    assert len(others) <= 4 and [one.rank for one in others] == list(range(2, len(others) + 2))
    assert (row.best_betpawa_id, row.best_name) == ("5006", "Home Team Over/Under - Full Time")
    assert (row.best_confidence, row.best_band) == (best.confidence, best.band)
    assert row.best_reason.startswith("prices agree on ")
    assert (row.family, row.period, row.subject, row.outcome_count) == ("over_under", "FT", "home", 2)
    assert row.sibling_key and row.suggested_at


def test_the_pairing_holds_the_texts_that_a_mapping_holds(fixtures):
    row, split = row_of(fixtures, "sportybet", "19"), row_of(fixtures, "bet9ja", "S_HAOU")
    engine.rescore()
    best = MarketSuggestion.objects.get(unmapped=row, rank=1)
    assert best.pairing == [
        {"canonicalId": "over", "betpawaName": "Over", "text": "Over", "label": "Over", "flag": ""},
        {"canonicalId": "under", "betpawaName": "Under", "text": "Under", "label": "Under", "flag": ""},
    ]
    halves = {one.betpawa_id: one.pairing for one in MarketSuggestion.objects.filter(unmapped=split, rank__lte=2)}
    assert {pair["text"] for pair in halves["5006"]} == {"OH", "UH"}
    assert {pair["text"] for pair in halves["5003"]} == {"OA", "UA"}


def test_the_waterfall_sums_with_the_base_to_the_score(fixtures):
    row_of(fixtures, "sportybet", "19")
    engine.rescore()
    for suggestion in MarketSuggestion.objects.all():
        points = sum(reason["points"] for reason in suggestion.reasons)
        assert suggestion.score == pytest.approx(scoring.shipped().base + points, abs=0.15)
        assert all(reason["text"] and reason["family"] for reason in suggestion.reasons)


def test_a_second_rescoring_writes_nothing(fixtures):
    rows = [row_of(fixtures, slug, key) for slug, key in (("sportybet", "19"), ("sportybet", "450001"))]
    engine.rescore()
    before = [stored(row) for row in rows], list(UnmappedMarketLog.objects.order_by("pk").values())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        result = engine.rescore()
    assert (result.rows, result.changed) == (2, 0)
    assert not [q for q in queries.captured_queries if q["sql"].startswith(("UPDATE", "INSERT", "DELETE"))]
    assert (([stored(row) for row in rows], list(UnmappedMarketLog.objects.order_by("pk").values()))) == before


def test_the_version_of_a_row_does_not_move(fixtures):
    row = row_of(fixtures, "sportybet", "19")
    engine.rescore()
    assert UnmappedMarketLog.objects.get(pk=row.pk).version == row.version


def test_queries_do_not_grow_with_the_rows(fixtures):
    keys = ["19", "20", "31", "32", "60", "68"]
    row_of(fixtures, "sportybet", keys[0])
    engine.rescore()
    counts = []
    for some in (keys[1:2], keys[2:]):
        for key in some:
            row_of(fixtures, "sportybet", key)
        with CaptureQueriesContext(connection) as queries:
            engine.rescore()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14


def test_a_fixture_is_read_once_until_it_is_sampled_again(fixtures):
    row_of(fixtures, "sportybet", "19")
    engine.rescore()

    def payloads_read():
        with CaptureQueriesContext(connection) as queries:
            engine.rescore()
        return [query for query in queries.captured_queries if '"price_fixture"."payload"' in query["sql"]]

    assert not payloads_read()
    PriceFixture.objects.filter(event_id=0).update(sampled_at=datetime(2026, 11, 21, 13, tzinfo=UTC))
    assert len(payloads_read()) == 1


def test_a_rejected_pair_is_never_offered_again(fixtures):
    row = row_of(fixtures, "sportybet", "19")
    engine.rescore()
    assert memory.reject("sportybet", "19", "5006", None, "ada") is True
    left = list(MarketSuggestion.objects.filter(unmapped=row))
    assert "5006" not in {one.betpawa_id for one in left}
    assert [one.rank for one in left] == list(range(1, len(left) + 1))
    row.refresh_from_db()
    assert row.best_betpawa_id == (left[0].betpawa_id if left else "")
    engine.rescore()
    assert not MarketSuggestion.objects.filter(unmapped=row, betpawa_id="5006").exists()
    assert all(offer.betpawa_id != "5006" for offer in engine.suggest_now(row))
    assert memory.reject("sportybet", "19", "5006", None, "ada") is False
    assert RejectedPair.objects.count() == 1


def test_a_market_that_betpawa_does_not_have_gets_no_confident_suggestion(fixtures):
    rows = [row_of(fixtures, "sportybet", key) for key in ("450001", "60100", "60301", "450004")]
    engine.rescore()
    for row in rows:
        row.refresh_from_db()
        assert row.best_band in ("", "weak"), (row.market_name, row.best_name, row.best_confidence)


def test_rows_that_are_decided_are_not_scored_unless_asked_for(fixtures):
    row = row_of(fixtures, "sportybet", "19", status="IGNORED")
    assert engine.rescore().rows == 0
    assert engine.rescore([row.pk]).changed == 1


def test_a_row_without_name_outcomes_or_fixtures_is_no_error():
    row = UnmappedMarketLog.objects.create(source="somebook", external_market_id="77", sample_outcomes=["odd", None])
    assert engine.rescore().changed == 1
    row.refresh_from_db()
    assert row.best_band in ("", "weak") and row.suggested_at


def test_a_team_in_a_name_is_taken_out_with_the_help_of_the_fixtures(fixtures):
    away = fixtures.fixtures[0].books["sportybet"].away_team
    row = row_of(fixtures, "sportybet", "20", market_name=f"{away} Over/Under")
    engine.rescore()
    row.refresh_from_db()
    assert (row.subject, row.best_betpawa_id) == ("away", "5003")


def test_the_command_prints_the_waterfall(fixtures):
    row_of(fixtures, "sportybet", "19")
    out = io.StringIO()
    call_command("suggest", "19", bookmaker="sportybet", stdout=out)
    text = out.getvalue()
    assert "1. Home Team Over/Under - Full Time  (5006, home_over_under_ft)" in text
    assert "prices agree on" in text and "same side: home" in text and "Over = Over" in text
    with pytest.raises(CommandError):
        call_command("suggest", "nothing", bookmaker="sportybet", stdout=out)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_is_deciding_is_left_for_the_next_time(fixtures):
    row = row_of(fixtures, "sportybet", "19")
    held, done = threading.Event(), threading.Event()

    def decide():
        try:
            with transaction.atomic():
                UnmappedMarketLog.objects.select_for_update().get(pk=row.pk)
                held.set()
                assert done.wait(20)
        finally:
            connection.close()

    person = threading.Thread(target=decide)
    person.start()
    try:
        assert held.wait(20)
        result = engine.rescore()
    finally:
        done.set()
        person.join(20)
    assert (result.changed, result.busy) == (0, 1)
    assert engine.rescore().changed == 1


def everything_stored():
    fields = [f.name for f in MarketSuggestion._meta.concrete_fields if f.name not in ("id", "computed_at")]
    best = ("source", "external_market_id", "best_name", "best_confidence", "best_reason", "sibling_key", "family")
    return list(MarketSuggestion.objects.values(*fields)), list(UnmappedMarketLog.objects.order_by("pk").values(*best))


def test_rescoring_what_changed_stores_what_a_process_that_knows_nothing_would_store(world, monkeypatch):
    kept = PriceFixture.objects.bulk_create(
        PriceFixture(
            event_key=fixture.event_key, event_id=number, home_team=fixture.home_team, away_team=fixture.away_team,
            kickoff_at=AT, sampled_at=AT + timedelta(minutes=number), books=sorted(fixture.books),
            keys=keys_of(fixture.books), payload=pack(fixture.books),
        )
        for number, fixture in enumerate(world.fixtures)
    )  # fmt: skip
    for number, (slug, key) in enumerate(sorted(world.names)):
        if slug != "betpawa" and number % 3 == 0:
            row_of(world, slug, key)
    late = PriceFixture.objects.filter(pk__in=[fixture.pk for fixture in kept[5:]])
    coming = list(late)
    late.delete()
    engine.rescore()
    # Three events become fixtures, one stops being one, and one was sampled again.
    PriceFixture.objects.bulk_create(coming)
    PriceFixture.objects.filter(pk=kept[0].pk).delete()
    again = kept[1]
    again.payload = pack(world.fixtures[6].books)
    again.sampled_at = AT + timedelta(hours=1)
    again.save()
    assert engine.rescore().changed
    one_by_one = everything_stored()
    monkeypatch.setattr(engine, "_views", Views())
    monkeypatch.setattr(engine, "_latest", None)
    MarketSuggestion.objects.all().delete()
    UnmappedMarketLog.objects.update(suggested_at=None)
    engine.rescore()
    assert everything_stored() == one_by_one


def test_what_one_event_shows_of_a_markets_outcomes_does_not_make_all_be_read_again(world):
    views = [view_of(fixture) for fixture in world.fixtures]
    before = World(built_in(), views[1:])
    later = World(built_in(), views, previous=before)
    same = [one for one in later.targets if any(one is other for other in before.targets)]
    assert len(same) > len(later.targets) * 0.8
    fresh = World(built_in(), views)
    for source in sources_of(world)[::7]:
        ours, theirs = (found.candidates(source, scoring.shipped().vector) for found in (later, fresh))
        assert [one.target for one in ours] == [one.target for one in theirs]
        assert all((a.values == b.values).all() for a, b in zip(ours, theirs, strict=True))
