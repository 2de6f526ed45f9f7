"""Which events become price fixtures, what is kept of them, and what is pruned."""

from datetime import timedelta

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mappings.evidence import collector as collecting
from mappings.evidence.collector import FixtureCollector
from mappings.evidence.samples import recent_fixtures, source_key
from mappings.evidence.store import prune_fixtures, save_fixtures
from mappings.models import PriceFixture
from mappings.shapes import ScrapedEvent, ScrapedMarket, ScrapedOutcome

pytestmark = pytest.mark.django_db
NOW = timezone.now()


class ForeignOutcome(msgspec.Struct, frozen=True, rename={"text": "desc", "price": "odds"}):
    """A decoder's own record, which travels under other names."""

    text: str
    price: str
    is_active: int = 1


def market(key, *prices, specifier="", outcome=ScrapedOutcome, name=""):
    outcomes = tuple(outcome(text, price) for text, price in zip("12345", prices or ("2.1", "1.8"), strict=False))
    return ScrapedMarket(key, specifier, outcomes, name=name, rules_text="Long rules", groups=("main",))


def scraped(slug, *markets, complete=True, tournament="Premier League", home="Enyimba"):
    return ScrapedEvent(
        slug, f"{slug}-1", "100", home, "Kano Pillars", NOW, tournament, "Nigeria", markets, complete
    )  # fmt: skip


def collect(*events, into=None, observed_at=NOW, kickoff_at=NOW + timedelta(hours=3)):
    """events: (event key, its answers). Returns the collector."""
    found = into or FixtureCollector()
    for number, (event_key, answers) in enumerate(events, 1):
        for answer in answers:
            found.add(event_key, number, kickoff_at, observed_at, answer)
        found.event_over(event_key)
    return found


def shared(key="18", **options):
    return [scraped("betpawa", market("3743"), **options), scraped("sportybet", market(key), **options)]


def kept(event_key, *, keys=("betpawa:1", "sportybet:1"), minutes=0, kickoff_in=60, tournament="T"):
    return PriceFixture.objects.create(
        event_key=event_key, event_id=1, home_team="H", away_team="A", tournament=tournament,
        kickoff_at=timezone.now() + timedelta(minutes=kickoff_in),
        sampled_at=timezone.now() - timedelta(minutes=minutes), keys=list(keys), payload=b"",
    )  # fmt: skip


# --- What is kept --------------------------------------------------------------------------------


def test_an_event_of_the_reference_and_a_rival_is_kept_with_all_its_markets_in_their_own_words():
    rival = scraped("sportybet", market("18", specifier="total=2.5"), market("999", outcome=ForeignOutcome))
    save_fixtures(collect(("100", [scraped("betpawa", market("3743", name="1X2")), rival])).rows)
    (fixture,) = recent_fixtures(keys=["sportybet:999", "betpawa:3743"])
    assert (fixture.home_team, fixture.tournament, fixture.country) == ("Enyimba", "Premier League", "Nigeria")
    assert set(fixture.books) == {"betpawa", "sportybet"}
    over_under, foreign = fixture.books["sportybet"].markets
    assert (over_under.key, over_under.specifier, foreign.key) == ("18", "total=2.5", "999")
    assert foreign.outcomes == over_under.outcomes == market("1").outcomes


def test_rivals_markets_leave_their_names_to_the_queue_and_ours_keep_them():
    answers = [scraped("betpawa", market("3743", name="1X2")), scraped("bet9ja", market("S_1X2", name="1X2"))]
    save_fixtures(collect(("100", answers)).rows)
    (fixture,) = recent_fixtures()
    (own,), (rival,) = fixture.books["betpawa"].markets, fixture.books["bet9ja"].markets
    assert (own.name, own.groups, own.rules_text) == ("1X2", ("main",), "Long rules")
    assert (rival.name, rival.groups, rival.rules_text) == ("", (), "")


@pytest.mark.parametrize(
    "answers",
    [
        [scraped("betpawa", market("3743"))],
        [scraped("sportybet", market("1")), scraped("bet9ja", market("S_1X2"))],
        [scraped("betpawa", market("3743")), scraped("sportybet", market("1"), complete=False)],
        [scraped("betpawa", market("3743")), scraped("sportybet")],
    ],
    ids=["nobody else has it", "we do not have it", "half an answer", "an empty answer"],
)
def test_what_proves_nothing_about_prices_is_not_kept(answers):
    assert collect(("100", answers)).rows == []


def test_prices_of_a_match_that_runs_and_events_without_a_common_id_are_not_kept():
    assert collect(("100", shared()), kickoff_at=NOW).rows == []
    assert collect((None, shared())).rows == []


def test_a_market_that_cannot_be_written_down_costs_its_event_only():
    broken = [scraped("betpawa", market("3743", "2.1", 2**70)), scraped("sportybet", market("1"))]
    found = collect(("100", broken), ("101", shared()))
    assert [row.event_key for row in found.rows] == ["101"]


def test_a_price_of_a_strange_type_does_not_make_the_fixture_unreadable():
    save_fixtures(collect(("100", [scraped("betpawa", market("3743", True, None)), *shared()[1:]])).rows)
    (fixture,) = recent_fixtures()
    assert [outcome.price for outcome in fixture.books["betpawa"].markets[0].outcomes] == ["True", "None"]


def test_a_fixture_of_another_version_is_left_out_not_fatal():
    kept("old")
    save_fixtures(collect(("100", shared())).rows)
    assert [fixture.event_key for fixture in recent_fixtures()] == ["100"]


def test_a_long_source_key_is_named_as_its_queue_row_names_it():
    from mappings.unmapped_logger import identity

    assert source_key("bet9ja", "S_" + "x" * 200) == "bet9ja:" + identity("S_" + "x" * 200)


# --- Which events --------------------------------------------------------------------------------


def test_tournaments_share_the_places_once_there_are_some(monkeypatch):
    monkeypatch.setattr(collecting, "UNSPREAD_FIXTURES", 3)
    monkeypatch.setattr(collecting, "MOST_PER_TOURNAMENT", 4)
    events = [(str(number), shared(tournament="Big")) for number in range(8)]
    found = collect(*events, ("small", shared(tournament="Small")))
    # The first five serve the source key as well.
    assert [row.event_key for row in found.rows] == ["0", "1", "2", "3", "4", "small"]


def test_beyond_the_general_ones_an_event_is_kept_for_a_market_that_few_of_them_have(monkeypatch):
    monkeypatch.setattr(collecting, "GENERAL_FIXTURES", 6)
    events = [(str(number), shared("18")) for number in range(9)]
    rare = [(f"rare{number}", shared("777")) for number in range(9)]
    found = collect(*events, *rare)
    assert [row.event_key for row in found.rows] == [str(n) for n in range(6)] + [f"rare{n}" for n in range(5)]


def test_fixtures_of_earlier_batches_count(monkeypatch):
    monkeypatch.setattr(collecting, "GENERAL_FIXTURES", 6)
    for number in range(6):
        kept(f"e{number}", keys=["betpawa:3743", "sportybet:18"])
    kept("kicked off", keys=["betpawa:3743", "sportybet:20"], kickoff_in=-5)
    found = collect(("new", shared("18")), ("e3", shared("18")), ("rare", shared("20")))
    assert [row.event_key for row in found.rows] == ["e3", "rare"]


def test_there_is_a_bound_in_all_and_per_batch(monkeypatch):
    monkeypatch.setattr(collecting, "MOST_FIXTURES", 3)
    assert len(collect(*[(str(n), shared(str(n))) for n in range(6)]).rows) == 3
    monkeypatch.setattr(collecting, "MOST_PER_BATCH", 2)
    assert len(collect(*[(str(n), shared(str(n))) for n in range(6)]).rows) == 2


def test_a_batch_asks_the_database_twice_however_many_events_it_has():
    with CaptureQueriesContext(connection) as queries:
        collect(*[(str(number), shared()) for number in range(30)])
        collect(("alone", [scraped("betpawa", market("3743"))]))
    assert len(queries) == 2


# --- Writing -------------------------------------------------------------------------------------


def test_the_newest_observation_of_an_event_stays_whoever_writes_last():
    late, early = NOW + timedelta(minutes=5), NOW
    save_fixtures(collect(("100", shared("18"))).rows)
    save_fixtures(collect(("100", shared("20")), observed_at=late).rows)
    save_fixtures(collect(("100", shared("18")), observed_at=early).rows)
    row = PriceFixture.objects.get()
    assert (row.sampled_at, row.keys) == (late, ["betpawa:3743", "sportybet:20"])


def test_saving_is_one_statement(django_assert_num_queries):
    rows = collect(*[(str(number), shared()) for number in range(10)]).rows
    with django_assert_num_queries(1):
        save_fixtures(rows)
    assert PriceFixture.objects.count() == len(rows)


# --- Pruning -------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch):
    from mappings.evidence import store

    for name, value in {"GENERAL_FIXTURES": 3, "FIXTURES_PER_KEY": 2, "MOST_FIXTURES": 6}.items():
        monkeypatch.setattr(store, name, value)


def left():
    return set(PriceFixture.objects.values_list("event_key", flat=True))


def test_pruning_keeps_one_of_each_tournament_first_and_upcoming_events_before_old_ones(small):
    for number in range(5):
        kept(f"big{number}", tournament="Big", minutes=number)
    kept("small", tournament="Small", minutes=9)
    kept("over", tournament="Cup", minutes=8, kickoff_in=-1)
    assert prune_fixtures() == 4
    assert left() == {"big0", "small", "big1"}


def test_pruning_keeps_the_newest_few_of_every_rivals_source_key(small):
    for number in range(4):
        kept(f"general{number}", minutes=number)
    for number in range(3):
        kept(f"rare{number}", minutes=20 + number, keys=["betpawa:1", "sportybet:777"])
    kept("ours alone", minutes=30, keys=["betpawa:5"])
    prune_fixtures()
    assert left() == {"general0", "general1", "general2", "rare0", "rare1"}


def test_pruning_holds_the_bound_and_the_age(small):
    kept("ancient", minutes=8 * 24 * 60, keys=["sportybet:ancient"])
    for number in range(9):
        kept(f"e{number}", minutes=number, keys=[f"sportybet:{number}"])
    prune_fixtures()
    assert left() == {f"e{number}" for number in range(6)}


def test_pruning_is_one_statement_and_leaves_alone_what_is_enough(django_assert_num_queries):
    kept("one")
    with django_assert_num_queries(1):
        assert prune_fixtures() == 0
    assert left() == {"one"}
