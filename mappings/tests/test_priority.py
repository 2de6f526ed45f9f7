"""What comes first in the queue is what gains most by being decided, and that can be read off."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mappings import priority
from mappings.families import name_families
from mappings.models import PriceFixture, UnmappedMarketLog
from mappings.priority import reprioritise, weight_of

pytestmark = pytest.mark.django_db
AUDIT = Path(settings.BASE_DIR).parent / "shared" / "domain" / "unmapped-audit.json"


def make(key, **values):
    given = {"source": "sportybet", "external_market_id": key, "event_count": 10, "last_seen_at": timezone.now()}
    return UnmappedMarketLog.objects.create(**given | values)


def fixture(key, country="England", tournament="Premier League", keys=()):
    return PriceFixture.objects.create(
        event_key=key, event_id=1, home_team="A", away_team="B", country=country, tournament=tournament,
        kickoff_at=timezone.now(), sampled_at=timezone.now(), books=[], keys=list(keys), payload=b"",
    )  # fmt: skip


def ranked():
    reprioritise()
    return list(UnmappedMarketLog.objects.order_by("-priority", "id").values_list("external_market_id", flat=True))


def parts(key):
    return UnmappedMarketLog.objects.get(external_market_id=key).priority_parts


def test_more_events_come_first_and_nothing_saturates():
    for events in (1, 5, 60, 200, 900, 901):
        make(str(events), event_count=events)
    assert ranked() == ["901", "900", "200", "60", "5", "1"]


def test_a_near_kick_off_comes_before_a_far_one_and_what_is_gone_comes_last():
    now = timezone.now()
    make("far", next_kickoff_at=now + timedelta(days=6))
    make("tomorrow", next_kickoff_at=now + timedelta(hours=20))
    make("soon", next_kickoff_at=now + timedelta(hours=2))
    make("gone", last_seen_at=now - timedelta(days=8), event_count=50)
    assert ranked() == ["soon", "tomorrow", "far", "gone"]


def test_the_tournaments_that_carry_a_market_weigh_it():
    fixture("a", keys=["sportybet:top", "sportybet:both"])
    fixture("b", "Norway", "U19 Interkrets", keys=["sportybet:youth", "sportybet:both"])
    for key in ("youth", "both", "top"):
        make(key)
    assert ranked() == ["top", "both", "youth"]
    assert (parts("top")["tournament"], parts("youth")["tournament"]) == (1.0, 0.15)


@pytest.mark.parametrize(
    ("country", "tournament", "weight"),
    [
        ("England", "Premier League", 1.0),
        ("ENGLAND", "Premier League Cup U21", 0.15),
        ("Kenya", "Premier League", 0.4),
        ("Nigeria", "NPFL", 1.0),
        ("International Clubs", "UEFA Champions League", 1.0),
        ("International Clubs", "UEFA Champions League, Women", 0.3),
        ("", "", 0.4),
    ],
)
def test_a_tournaments_weight_follows_from_its_name_and_country(country, tournament, weight):
    assert weight_of(country, tournament) == weight


def test_the_same_unmapped_market_at_a_rival_raises_both():
    same = {"family": "over_under", "period": "FT", "subject": "match"}
    make("18", sibling_key="sportybet:over_under:goals:", **same)
    make("S_OU", source="bet9ja", sibling_key="bet9ja:over_under:goals:", **same)
    make("S_OU1", source="bet9ja", sibling_key="bet9ja:over_under:goals:", **same | {"period": "1H"})
    reprioritise()
    assert [parts(key)["rivals"] for key in ("18", "S_OU", "S_OU1")] == [1, 1, 0]


def test_a_confident_suggestion_comes_before_a_doubtful_one_and_before_what_betpawa_does_not_sell():
    props = {"family": "to_score", "subject": "player", "sibling_key": "sportybet:to_score:shots:"}
    make("props", event_count=950, **props)
    make("family", family="over_under", sibling_key="sportybet:over_under:goals:", event_count=20)
    make("likely", best_confidence=0.6, event_count=20)
    make("sure", best_confidence=0.97, event_count=20)
    assert ranked() == ["sure", "likely", "family", "props"]


def test_the_parts_multiply_to_the_priority():
    row = make("1", event_count=30, best_confidence=0.5)
    reprioritise([row.pk])
    row.refresh_from_db()
    assert set(row.priority_parts) == {"events", "kickoff", "tournament", "rivals", "demand", "solvability"}
    assert row.priority == pytest.approx(row.priority_parts["demand"] * row.priority_parts["solvability"], abs=1e-3)


def written():
    """{key: the place of its newest version}"""
    return dict(UnmappedMarketLog.objects.extra(select={"at": "ctid::text"}).values_list("external_market_id", "at"))


def test_rows_that_did_not_move_are_not_written_and_versions_stay():
    for number in range(20):
        make(str(number), event_count=200)
    assert reprioritise() == 20
    before = written()
    assert reprioritise() == 0 and written() == before
    UnmappedMarketLog.objects.filter(external_market_id="3").update(event_count=400)
    UnmappedMarketLog.objects.filter(external_market_id="4").update(event_count=201)  # by 0.1 %
    between = written()
    assert reprioritise() == 1
    assert {key for key, at in written().items() if at != between[key]} == {"3"}
    assert (parts("3")["events"], parts("4")["events"]) == (400, 200)
    assert set(UnmappedMarketLog.objects.values_list("version", flat=True)) == {1}


def test_many_are_written_in_parts(monkeypatch):
    monkeypatch.setattr(priority, "CHUNK", 2)
    for number in range(5):
        make(str(number))
    assert reprioritise() == 5
    assert all(UnmappedMarketLog.objects.values_list("priority", flat=True))


@pytest.mark.django_db(transaction=True)
def test_nobodys_decision_is_waited_for():
    held, free = make("held"), make("free")
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        UnmappedMarketLog.objects.select_for_update().get(pk=held.pk)
        assert pool.submit(in_thread, reprioritise).result(timeout=30) == 1
    free.refresh_from_db()
    assert free.priority > 0 and reprioritise() == 1


def in_thread(do):
    try:
        return do()
    finally:
        connection.close()


def test_a_few_rows_are_put_in_order_without_reading_the_queue():
    UnmappedMarketLog.objects.bulk_create(
        UnmappedMarketLog(source="bet9ja", external_market_id=f"S_{number}", sibling_key=f"bet9ja:range:n{number}:")
        for number in range(3_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE unmapped_market_log")
    row = UnmappedMarketLog.objects.get(external_market_id="S_7")
    with CaptureQueriesContext(connection) as asked:
        assert reprioritise([row.pk]) == 1
    statements = [query["sql"] for query in asked if "unmapped_market_log" in query["sql"]]
    assert len(statements) == 3  # its like, whether it moved, its new priority
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(f"EXPLAIN {statements[1]}")
        plan = "\n".join(line for (line,) in cursor)
    assert "idx_unmapped_sibling" in plan and "Seq Scan on unmapped_market_log" not in plan


def test_settled_rows_keep_theirs_unless_asked_for():
    row = make("1", status="IGNORED")
    assert reprioritise() == 0
    assert reprioritise([row.pk]) == 1
    assert reprioritise([]) == 0


@pytest.mark.skipif(not AUDIT.exists(), reason="the shared facts are not here")
def test_on_a_real_queue_what_betpawa_sells_comes_before_player_props():
    rows = json.loads(AUDIT.read_text())["rows"]
    UnmappedMarketLog.objects.bulk_create(
        UnmappedMarketLog(
            source=row["source"], external_market_id=row["external_market_id"], market_name=row["market_name"],
            event_count=row["frequency"],
        )
        for row in rows
    )  # fmt: skip
    name_families(UnmappedMarketLog.objects.all())
    order = ranked()
    place = {row["external_market_id"]: order.index(row["external_market_id"]) for row in rows}
    props = [place[row["external_market_id"]] for row in rows if row["category"] == "Player Props"]
    known = [place[row["external_market_id"]] for row in rows if row["catalogue_id"]]
    assert sum(known) / len(known) < sum(props) / len(props)
    assert min(props) > 20
    priorities = (
        UnmappedMarketLog.objects.filter(event_count__gt=0).order_by("-priority").values_list("priority", flat=True)
    )
    assert all(one >= other > 0 for one, other in pairwise(priorities))
