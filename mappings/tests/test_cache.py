"""The mappings in force follow the database: at once, everywhere, and only what was committed."""

import multiprocessing
import subprocess
import threading

import pytest
from django.db import connection, transaction

from mappings.cache import MappingCache
from mappings.models import MappingVersion, UserMarketMapping
from mappings.tests.builders import codes_of, mapped, market
from tests import children

OUTCOMES = [
    {"canonical_id": "yes", "betpawa_name": "Yes", "sportybet_desc": "Yes", "bet9ja_suffix": "Y", "position": 0},
    {"canonical_id": "no", "betpawa_name": "No", "sportybet_desc": "No", "bet9ja_suffix": "N", "position": 1},
]
CORNER_FLAG = market("S_FLAG", {"Y": "2.5", "N": "1.5"})


def flag(canonical_id="flag_ft", **values):
    values = {"name": "Flag", "betpawa_id": "999001", "bet9ja_key": "S_FLAG", "outcome_mapping": OUTCOMES} | values
    return UserMarketMapping.objects.create(canonical_id=canonical_id, **values)


def maps_flag(cache):
    return [m.canonical_id for m in mapped("bet9ja", CORNER_FLAG, cache=cache).mapped]


@pytest.mark.django_db
def test_a_new_mapping_is_in_force_after_the_next_refresh():
    cache = MappingCache()
    cache.refresh()
    assert codes_of(mapped("bet9ja", CORNER_FLAG, cache=cache)) == ["UNKNOWN_MARKET"]
    flag()
    assert cache.refresh() is True
    assert maps_flag(cache) == ["flag_ft"]
    UserMarketMapping.objects.update(is_active=False)
    cache.refresh()
    assert maps_flag(cache) == []


@pytest.mark.django_db
def test_an_unchanged_version_costs_one_query(django_assert_num_queries):
    cache = MappingCache()
    cache.refresh()
    with django_assert_num_queries(1):
        assert cache.refresh() is False


@pytest.mark.django_db
def test_a_mapping_that_was_rolled_back_is_not_in_force():
    cache = MappingCache()
    cache.refresh()
    before = MappingVersion.objects.get().version
    with transaction.atomic():
        flag()
        cache.refresh()
        transaction.set_rollback(True)
    assert MappingVersion.objects.get().version == before
    cache.refresh()
    assert maps_flag(cache) == [] and cache.version == before


@pytest.mark.django_db
def test_a_row_replaces_the_built_in_entry_of_its_canonical_id():
    cache = MappingCache()
    flag("btts_ft", betpawa_id="3795", bet9ja_key="S_GGNG", outcome_mapping=OUTCOMES[:1])
    cache.refresh()
    assert codes_of(mapped("bet9ja", market("S_GGNG", {"Y": "2", "N": "2"}), cache=cache)) == ["PARTIAL_OUTCOMES"]
    assert codes_of(mapped("sportybet", market("29", {"Yes": "2"}), cache=cache)) == ["UNKNOWN_MARKET"]
    UserMarketMapping.objects.all().delete()
    cache.refresh()
    assert codes_of(mapped("sportybet", market("29", {"Yes": "2"}), cache=cache)) == []


@pytest.mark.django_db
def test_the_higher_priority_wins_and_the_clash_is_listed():
    cache = MappingCache()
    flag("first", betpawa_id="999001", priority=1)
    flag("second", betpawa_id="999002", priority=5)
    cache.refresh()
    assert maps_flag(cache) == ["second"]
    assert [tuple(clash) for clash in cache.clashes] == [("bet9ja", "S_FLAG", "second", "first")]
    UserMarketMapping.objects.filter(canonical_id="second").update(priority=0)
    cache.refresh()
    assert maps_flag(cache) == ["first"]


@pytest.mark.django_db
def test_rows_that_share_a_key_by_suffix_or_by_filter_do_not_clash():
    cache = MappingCache()
    for minute in (10, 20):
        flag(
            f"minute_{minute}",
            betpawa_id=f"99{minute}",
            bet9ja_key=None,
            sportybet_id="900313",
            specifier_filters={"sportybet": f"minute={minute}"},
        )
    flag("flag_yes", betpawa_id="1", outcome_mapping=OUTCOMES[:1])
    flag("flag_no", betpawa_id="2", outcome_mapping=OUTCOMES[1:])
    cache.refresh()
    assert cache.clashes == []
    assert sorted(maps_flag(cache)) == ["flag_no", "flag_yes"]
    at_20 = mapped("sportybet", market("900313", {"Yes": "2"}, "minute=20"), cache=cache)
    assert [m.canonical_id for m in at_20.mapped] == ["minute_20"]
    at_30 = mapped("sportybet", market("900313", {"Yes": "2"}, "minute=30"), cache=cache)
    assert codes_of(at_30) == ["UNKNOWN_PARAM_MARKET"]


@pytest.mark.django_db
def test_a_row_that_cannot_be_used_costs_itself_only():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO user_market_mappings (canonical_id, name, kind, bet9ja_key, extra_source_keys) VALUES "
            "('broken', 'b', 'over_under', 'S_BROKEN', '[7]'), ('btts_ft', 'b', 'over_under', 'S_GGNG', '[]')"
        )
    flag()
    cache = MappingCache()
    cache.refresh()
    assert maps_flag(cache) == ["flag_ft"]
    assert len(cache.problems) == 2
    assert codes_of(mapped("bet9ja", market("S_GGNG", {"Y": "2"}), cache=cache)) == []


@pytest.mark.django_db
def test_an_extra_key_and_a_fourth_bookmaker_need_no_column():
    flag(
        extra_source_keys=[{"bookmaker": "bet9ja", "key": "S_FLAG2"}, {"bookmaker": "nairabet", "key": "FL"}],
        outcome_mapping=[{**OUTCOMES[0], "sources": {"nairabet": "Si"}}],
    )
    cache = MappingCache()
    cache.refresh()
    assert mapped("bet9ja", market("S_FLAG2", {"Y": "2"}), cache=cache).mapped
    assert mapped("nairabet", market("FL", {"si": "2"}), cache=cache).mapped


@pytest.mark.django_db(transaction=True)
def test_a_mapping_made_in_one_process_is_used_by_the_next_batch_of_another():
    """The other process holds its cache from before; only the database tells it."""
    program = (
        "import sys, django; django.setup()\n"
        "from mappings.cache import mapping_cache\n"
        "from mappings.mapper import map_event\n"
        "from mappings.tests.test_cache import CORNER_FLAG\n"
        "for line in sys.stdin:\n"
        "    mapping_cache.refresh()\n"
        "    print([m.canonical_id for m in map_event('bet9ja', 'A', 'B', [CORNER_FLAG]).mapped], flush=True)\n"
    )
    with children.python(
        "-c", program, env=children.environment(LOG_LEVEL="ERROR"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip

        def next_batch():
            other.stdin.write("\n")
            other.stdin.flush()
            return other.stdout.readline().strip()

        assert next_batch() == "[]"
        flag()
        assert next_batch() == "['flag_ft']"
        UserMarketMapping.objects.update(is_active=False)
        assert next_batch() == "[]"
        other.stdin.close()


def test_a_forked_child_does_not_wait_for_a_lock_its_parent_held():
    cache = MappingCache(use_database=False)
    held, done = threading.Event(), threading.Event()

    def hold():
        with cache._own_lock():
            held.set()
            done.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    child = multiprocessing.get_context("fork").Process(target=lambda: cache.snapshot)
    child.start()
    child.join(10)
    done.set()
    holder.join()
    assert child.exitcode == 0


def test_readers_see_whole_snapshots_while_they_are_replaced():
    cache = MappingCache(use_database=False)
    snapshot = cache.snapshot
    failures = []

    def read():
        for _ in range(200):
            result = mapped("bet9ja", market("S_1X2", {"1": "2"}), cache=cache)
            if not result.mapped:
                failures.append(result)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for _ in range(50):
        cache._snapshot = type(snapshot)(snapshot.definitions, 1)
    for reader in readers:
        reader.join()
    assert not failures
