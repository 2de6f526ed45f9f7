"""The figures beside a decision: what of the stored odds moves, and how five events would look."""

from decimal import Decimal

import pytest

from mappings.impact import WIDE_EVENTS
from mappings.preview import preview_mapping
from mappings.services import create_mapping, deactivate_mapping
from mappings.services.mappings import catalogue_entry
from mappings.tests.builders import market
from mappings.tests.preview_builders import Counted, Stored, keep_fixture, outcome, queue_row, yes_no

pytestmark = pytest.mark.django_db
NEW = {"name": "Penalty awarded", "betpawa_id": "777001", "sportybet_id": "999", "outcome_mapping": yes_no()}
PRICES = {"Yes": "1.5", "No": "2.8"}


@pytest.fixture(autouse=True)
def stored(monkeypatch):
    stored = Stored()
    monkeypatch.setattr("mappings.ports._registered", stored)
    return stored


def impact(values=NEW, canonical_id="penalty", **arguments):
    return preview_mapping(canonical_id=canonical_id, values=values, **arguments).impact


def figures(impact):
    return impact.events, impact.markets, impact.rows


def test_a_new_mapping_is_counted_by_the_events_of_its_queue_row_and_is_an_estimate():
    row = queue_row(event_count=40)
    found = impact(ids=[row.pk])
    assert figures(found) == (40, 1, 40)
    assert (found.exact, found.is_wide) == (False, False)
    assert "estimated" in found.note


def test_lines_on_kept_fixtures_say_how_many_rows_an_event_gives():
    totals = NEW | {
        "kind": "over_under",
        "line_semantics": "total",
        "outcome_mapping": [outcome("over", "Over", "Over"), outcome("under", "Under", "Under")],
    }
    prices = {"Over": "1.9", "Under": "1.9"}
    for number, lines in ((1, ("1.5", "2.5")), (2, ("2.5", "3.5"))):
        keep_fixture(number, sportybet=[market("999", prices, f"total={line}") for line in lines])
    row = queue_row(texts=("Over", "Under"), specifier="total=2.5", event_count=40)
    assert figures(impact(totals, ids=[row.pk])) == (40, 3, 80)


def test_a_market_that_most_of_a_board_carries_needs_a_reason():
    row = queue_row(event_count=WIDE_EVENTS + 1)
    assert impact(ids=[row.pk]).is_wide
    assert not impact(ids=[queue_row("1000", event_count=WIDE_EVENTS).pk]).is_wide


def test_rows_that_are_stored_are_counted_exactly_and_need_a_reason(stored):
    create_mapping(canonical_id="penalty", values=NEW, user="ada")
    stored.counts = {("sportybet", "777001"): Counted(3, 1, 3)}
    found = impact({"outcome_mapping": yes_no("Ja", "Nein")})
    assert figures(found) == (3, 1, 3)
    assert (found.exact, found.is_wide) == (True, True)
    assert [(part.slug, part.kind, part.market_id) for part in found.parts] == [("sportybet", "changed", "777001")]


def test_only_bookmakers_whose_odds_move_are_counted(stored):
    create_mapping(canonical_id="penalty", values=NEW | {"bet9ja_key": "S_PEN"}, user="ada")
    impact({"outcome_mapping": yes_no("Ja", "Nein")})
    assert stored.asked == [("sportybet", "777001")]


def test_a_further_source_key_changes_no_row_that_is_stored(stored):
    create_mapping(canonical_id="penalty", values=NEW, user="ada")
    stored.counts = {("sportybet", "777001"): Counted(3, 1, 3)}
    row = queue_row("1000", event_count=7)
    found = impact({}, ids=[row.pk])
    assert stored.asked == []
    assert figures(found) == (7, 1, 7)
    assert not found.is_wide


def test_the_second_market_of_a_split_key_is_counted_by_the_events_of_the_key():
    home = NEW | {"outcome_mapping": yes_no("Home yes", "Home no")}
    create_mapping(canonical_id="home_penalty", values=home, user="ada")
    away = NEW | {"betpawa_id": "777002", "outcome_mapping": yes_no("Away yes", "Away no")}
    row = queue_row(texts=("Home yes", "Home no", "Away yes", "Away no"), event_count=WIDE_EVENTS + 1)
    found = impact(away, ids=[row.pk], split=True)
    assert [(part.kind, part.market_id, part.events) for part in found.parts] == [("new", "777002", WIDE_EVENTS + 1)]
    assert found.is_wide


def test_a_mapping_that_loses_its_key_to_this_one_is_counted(stored):
    btts = catalogue_entry("btts_ft").betpawa_id
    stored.counts = {("sportybet", btts): Counted(9, 1, 9)}
    (part,) = impact(NEW | {"sportybet_id": "29"}).parts
    assert (part.canonical_id, part.rows) == ("btts_ft", 9)
    stored.asked.clear()
    create_mapping(canonical_id="penalty", values=NEW | {"sportybet_id": "29"}, user="ada")
    impact({"is_active": False})
    assert {market_id for _, market_id in stored.asked} == {"777001", btts}


def test_priority_alone_counts_only_where_it_changes_who_gets_a_key(stored):
    create_mapping(canonical_id="penalty", values=NEW, user="ada")
    assert figures(impact({"priority": 9})) == (0, 0, 0)
    create_mapping(canonical_id="apenalty", values=NEW | {"betpawa_id": "777002"}, user="ada")
    stored.asked.clear()
    impact({"priority": 9})
    assert sorted(stored.asked) == [("sportybet", "777001"), ("sportybet", "777002")]


def test_without_stored_odds_the_figures_are_said_to_be_missing(monkeypatch):
    create_mapping(canonical_id="penalty", values=NEW, user="ada")
    monkeypatch.setattr("mappings.ports._registered", None)
    found = impact({"is_active": False})
    assert figures(found) == (None, None, None)
    assert found.note.startswith("Not counted")
    assert found.is_wide


# --- Before and after -----------------------------------------------------------------------------


def change_of(found, number=0):
    return found.fixtures[number].changes[0]


def test_a_new_mapping_shows_its_odds_beside_betpawas():
    keep_fixture(sportybet=[market("999", PRICES)], betpawa=[market("777001", {"Yes": "1.6", "No": "2.6"})])
    change = change_of(impact())
    assert (change.change, change.market_name, change.source_key) == ("added", "Penalty awarded", "999")
    assert [tuple(getattr(o, n) for n in ("name", "before", "after", "reference")) for o in change.outcomes] == [
        ("Yes", None, "1.5", "1.6"),
        ("No", None, "2.8", "2.6"),
    ]


def test_switching_off_removes_and_exchanged_texts_change():
    keep_fixture(sportybet=[market("999", PRICES)])
    create_mapping(canonical_id="penalty", values=NEW, user="ada")
    assert change_of(impact({"is_active": False})).change == "removed"
    change = change_of(impact({"outcome_mapping": yes_no("No", "Yes")}))
    assert change.change == "changed"
    assert [(o.before, o.after) for o in change.outcomes] == [("1.5", "2.8"), ("2.8", "1.5")]


def test_another_target_is_a_move_with_the_market_it_came_from():
    keep_fixture(sportybet=[market("999", PRICES)])
    create_mapping(canonical_id="penalty", values=NEW, user="ada")
    found = impact({"betpawa_id": "777002", "name": "Penalty scored"})
    (change,) = found.fixtures[0].changes
    assert (change.change, change.market_id, change.moved_from) == ("moved", "777002", "Penalty awarded")


def test_each_line_is_a_change_of_its_own_and_a_filter_removes_the_others():
    totals = NEW | {
        "kind": "over_under",
        "line_semantics": "total",
        "outcome_mapping": [outcome("over", "Over", "Over"), outcome("under", "Under", "Under")],
    }
    prices = {"Over": "1.9", "Under": "1.9"}
    keep_fixture(sportybet=[market("999", prices, f"minute=5|total={line}") for line in ("1.5", "2.5")])
    create_mapping(canonical_id="penalty", values=totals | {"specifier_filters": {"sportybet": "minute=5"}}, user="ada")
    changes = impact({"specifier_filters": {"sportybet": "minute=10"}}).fixtures[0].changes
    assert [(change.change, change.line) for change in changes] == [
        ("removed", Decimal("1.5")),
        ("removed", Decimal("2.5")),
    ]


def test_a_key_taken_from_a_built_in_mapping_moves_its_market():
    keep_fixture(sportybet=[market("29", PRICES)])
    (change,) = impact(NEW | {"sportybet_id": "29"}).fixtures[0].changes
    assert (change.change, change.market_id) == ("moved", "777001")
    assert change.moved_from


def test_at_most_five_fixtures_are_shown_those_with_changes_first():
    for number in range(1, 9):
        texts = PRICES if number < 4 else {"Ja": "1.5", "Nein": "2.8"}
        keep_fixture(number, sportybet=[market("999", texts)])
    found = impact()
    assert len(found.fixtures) == 5
    assert [bool(fixture.changes) for fixture in found.fixtures] == [True, True, True, False, False]
    assert found.fixtures[3].left_over[0].texts == ("Ja", "Nein")


def test_deactivating_is_previewed_as_it_happens(stored):
    create_mapping(canonical_id="penalty", values=NEW, user="ada")
    stored.counts = {("sportybet", "777001"): Counted(3, 1, 3)}
    assert figures(impact({"is_active": False})) == (3, 1, 3)
    assert deactivate_mapping(canonical_id="penalty", user="ada").outcome == "deactivated"
