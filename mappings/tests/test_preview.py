"""A preview says what saving does, and does nothing itself."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mappings.cache import mapping_cache
from mappings.models import DecisionBatch, MappingAuditLog, MappingVersion, UnmappedMarketLog, UserMarketMapping
from mappings.preview import preview_mapping
from mappings.proposals import propose
from mappings.services import create_mapping, deactivate_mapping, map_to, update_mapping
from mappings.services.mappings import EDITABLE
from mappings.tests.builders import market
from mappings.tests.preview_builders import Counted, Stored, keep_fixture, outcome, queue_row, yes_no

pytestmark = pytest.mark.django_db
NEW = {"name": "Penalty awarded", "betpawa_id": "777001", "sportybet_id": "999", "outcome_mapping": yes_no()}
MOST_QUERIES = 20


@pytest.fixture(autouse=True)
def stored(monkeypatch):
    stored = Stored()
    monkeypatch.setattr("mappings.ports._registered", stored)
    return stored


@pytest.fixture
def fixtures():
    for number in range(1, 9):
        prices = {"Yes": f"1.{number}", "No": "2.8"}
        keep_fixture(number, sportybet=[market("999", prices)], betpawa=[market("777001", prices)])


def everything():
    tables = (UserMarketMapping, MappingAuditLog, UnmappedMarketLog, MappingVersion, DecisionBatch)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def saved(row):
    return {name: getattr(row, name) for name in EDITABLE}


def test_nothing_is_written_whatever_is_previewed(fixtures):
    create_mapping(canonical_id="own", values=NEW | {"sportybet_id": "1001"}, user="ada")
    row = queue_row()
    before = everything()
    with CaptureQueriesContext(connection) as queries:
        preview_mapping(canonical_id="penalty", values=NEW, ids=[row.pk])
        preview_mapping(canonical_id="own", values={"is_active": False})
        preview_mapping(canonical_id="own", values={"priority": 4, "betpawa_id": "777009"})
        preview_mapping(canonical_id="1x2_ft", values={"name": "Match result"})
        preview_mapping(canonical_id="1x2_ft", values={"kind": "nonsense"})
    assert everything() == before
    assert {query["sql"].split()[0] for query in queries.captured_queries} <= {"SELECT", "SAVEPOINT", "RELEASE"}


def test_queries_do_not_grow_with_rows_fixtures_or_mappings(fixtures, django_assert_max_num_queries):
    for number in range(30):
        create_mapping(canonical_id=f"own{number}", values=NEW | {"sportybet_id": f"{2000 + number}"}, user="ada")
    rows = [queue_row(f"{3000 + number}", event_count=3) for number in range(20)]
    mapping_cache.refresh()
    with django_assert_max_num_queries(MOST_QUERIES):
        preview_mapping(canonical_id="penalty", values=NEW, ids=[row.pk for row in rows])
    with django_assert_max_num_queries(MOST_QUERIES):
        preview_mapping(canonical_id="1x2_ft", values={"name": "Match result"})


@pytest.mark.parametrize("known", [False, True], ids=["new", "extension"])
def test_the_proposed_row_is_the_row_that_mapping_from_the_queue_saves(known):
    values = NEW
    if known:
        create_mapping(canonical_id="penalty", values=NEW, user="ada")
        values = {"priority": 2}
    rows = [queue_row("1001"), queue_row("1002")]
    arguments = {"canonical_id": "penalty", "values": values, "ids": [row.pk for row in rows]}
    arguments["outcome_texts"] = {"yes": "Ja"}
    proposal = propose(**arguments)
    change = map_to(**arguments, user="ada").change
    assert saved(proposal.row) == saved(change.mapping)
    assert proposal.change == change.outcome
    mapping_cache.refresh()
    assert mapping_cache.snapshot.by_canonical_id["penalty"] == proposal.after


def test_an_override_starts_from_the_built_in_entry():
    proposal = propose(canonical_id="1x2_ft", values={"name": "Match result"})
    assert (proposal.change, proposal.changes) == ("overridden", {"name": ("1X2 - Full Time", "Match result")})
    row = update_mapping(canonical_id="1x2_ft", changes={"name": "Match result"}, user="ada").mapping
    assert saved(proposal.row) == saved(row)
    assert proposal.after.overrides


def test_switching_an_override_off_brings_the_built_in_entry_back():
    update_mapping(canonical_id="1x2_ft", changes={"name": "Match result"}, user="ada")
    result = preview_mapping(canonical_id="1x2_ft", values={"is_active": False})
    assert result.change == "deactivated"
    assert [conflict.code for conflict in result.conflicts] == ["BUILT_IN_RETURNS"]
    deactivate_mapping(canonical_id="1x2_ft", user="ada")
    mapping_cache.refresh()
    assert mapping_cache.snapshot.by_canonical_id["1x2_ft"].origin == "code"


def test_a_built_in_entry_cannot_be_switched_off():
    result = preview_mapping(canonical_id="1x2_ft", values={"is_active": False})
    assert "BUILT_IN_STAYS" in [conflict.code for conflict in result.conflicts]


def test_saving_what_is_there_already_is_unchanged():
    create_mapping(canonical_id="penalty", values=NEW, user="ada")
    result = preview_mapping(canonical_id="penalty", values=NEW)
    assert (result.change, result.changes) == ("unchanged", {})
    assert not result.impact.is_wide


def test_what_the_preview_calls_an_error_saving_refuses_too():
    values = NEW | {"line_semantics": "sideways"}
    assert not preview_mapping(canonical_id="penalty", values=values).can_save
    with pytest.raises(ValidationError):
        create_mapping(canonical_id="penalty", values=values, user="ada")


def test_what_saving_would_refuse_changes_nothing_on_the_fixtures(fixtures):
    result = preview_mapping(canonical_id="penalty", values=NEW | {"kind": "nonsense"})
    assert result.impact.fixtures == ()
    assert result.impact.rows == 0


def test_as_data_is_json_with_camel_case_names_and_untouched_words(fixtures, stored):
    stored.counts["sportybet", "777001"] = Counted(4, 1, 4)
    values = NEW | {
        "specifier_filters": {"some_book": "odd_key=1"},
        "outcome_mapping": [outcome("yes", "Yes", "Yes") | {"sources": {"some_book": "Ja"}}, yes_no()[1]],
    }
    data = json.loads(json.dumps(preview_mapping(canonical_id="penalty_ft", values=values).as_data()))
    assert {"canonicalId", "takenFrom", "canSave", "needsReason", "conflicts", "impact", "ms"} <= data.keys()
    changes = {change["field"]: change["new"] for change in data["changes"]}
    assert changes["specifierFilters"] == {"some_book": "odd_key=1"}
    assert changes["outcomeMapping"][0]["sources"] == {"some_book": "Ja"}
    assert changes["outcomeMapping"][0]["canonicalId"] == "yes"
    fixture = data["impact"]["fixtures"][0]
    assert fixture["kickoffAt"] == "2026-11-21T18:00:00Z"
    assert fixture["changes"][0]["outcomes"][0].keys() == {"name", "before", "after", "reference"}
