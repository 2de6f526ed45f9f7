"""What a person decides happens wholly, once, under their name, or not at all."""

import pytest
from django.core.exceptions import ValidationError

from mappings.cache import MappingCache
from mappings.models import MappingAuditLog, UnmappedMarketLog, UserMarketMapping
from mappings.services import (
    StaleVersion,
    acknowledge,
    activate_mapping,
    create_mapping,
    deactivate_mapping,
    ignore,
    map_to,
    reopen,
    set_notes,
    update_mapping,
)
from mappings.tests.builders import mapped, market
from mappings.tests.test_unmapped_logger import cycle, entry

pytestmark = pytest.mark.django_db
YES_NO = [
    {"canonical_id": "yes", "betpawa_name": "Yes", "sportybet_desc": "Yes", "bet9ja_suffix": None, "position": 0},
    {"canonical_id": "no", "betpawa_name": "No", "sportybet_desc": "No", "bet9ja_suffix": None, "position": 1},
]
CORNERS = {"name": "Three corners", "betpawa_id": "999001", "outcome_mapping": YES_NO}


@pytest.fixture
def row():
    cycle(1, entry())
    return UnmappedMarketLog.objects.get()


def outcomes(decisions):
    return [decision.outcome for decision in decisions]


def test_acknowledging_twice_changes_once(row):
    assert outcomes(acknowledge(ids=[row.pk], user="alice")) == ["changed"]
    assert outcomes(acknowledge(ids=[row.pk], user="bob")) == ["unchanged"]
    row.refresh_from_db()
    assert (row.status, row.decided_by, row.version) == ("ACKNOWLEDGED", "alice", 2)


def test_each_row_of_a_bulk_decision_says_what_happened_to_it():
    cycle(1, entry("a"), entry("b"), entry("c"))
    a, b, c = UnmappedMarketLog.objects.order_by("external_market_id")
    ignore(ids=[a.pk], user="alice")
    UnmappedMarketLog.objects.filter(pk=b.pk).update(status="MAPPED")
    decisions = ignore(ids=[a.pk, b.pk, c.pk, 10**9], user="alice", reason="Not for us")
    assert outcomes(decisions) == ["unchanged", "refused", "changed", "not_found"]
    assert UnmappedMarketLog.objects.get(pk=c.pk).notes == "Not for us"


def test_the_second_of_two_people_reads_who_was_first(row):
    acknowledge(ids=[row.pk], user="alice")
    (decision,) = ignore(ids=[row.pk], user="bob", versions={row.pk: row.version})
    assert (decision.outcome, decision.decided_by, decision.version) == ("stale", "alice", 2)
    row.refresh_from_db()
    assert row.status == "ACKNOWLEDGED"


def test_reopening_keeps_the_earlier_decision_and_tells_nobody_again(row):
    ignore(ids=[row.pk], user="alice", reason="Never")
    assert outcomes(reopen(ids=[row.pk], user="bob", reason="BetPawa has it now")) == ["changed"]
    row.refresh_from_db()
    assert (row.status, row.reopened_reason) == ("NEW", "BetPawa has it now")
    assert (row.earlier_decision["status"], row.earlier_decision["decidedBy"]) == ("IGNORED", "alice")
    assert row.alerted_at is not None


def test_notes_are_replaced_under_their_version(row):
    assert set_notes(id=row.pk, notes="Ask Chidi", user="alice", version=1).outcome == "changed"
    assert set_notes(id=row.pk, notes="Ask Chidi", user="alice").outcome == "unchanged"
    assert set_notes(id=row.pk, notes="Ask Ada", user="bob", version=1).outcome == "stale"


def test_bulk_decisions_cost_the_same_for_one_row_and_for_many(django_assert_max_num_queries):
    cycle(1, *(entry(f"k{number}") for number in range(200)))
    with django_assert_max_num_queries(16):
        acknowledge(ids=UnmappedMarketLog.objects.values_list("pk", flat=True), user="alice")


def test_mapping_a_row_makes_the_mapping_and_the_next_batch_uses_it(row):
    cache = MappingCache()
    resolution = map_to(
        ids=[row.pk],
        canonical_id="three_corners",
        values=CORNERS,
        outcome_texts={"yes": "Y", "no": "N"},
        user="alice",
        reason="New",
    )
    assert resolution.change.outcome == "created" and outcomes(resolution.decisions) == ["changed"]
    row.refresh_from_db()
    assert (row.status, row.mapped_to.canonical_id, row.decided_by) == ("MAPPED", "three_corners", "alice")
    audit = MappingAuditLog.objects.get()
    assert (audit.action, audit.created_by, audit.reason) == ("CREATE", "alice", "New")
    cache.refresh()
    assert row.decided_mapping_version == cache.version
    assert mapped("bet9ja", market("S_3CM", {"Y": "2", "N": "1.8"}), cache=cache).mapped


def test_mapping_a_row_to_a_built_in_market_adds_its_key_and_keeps_the_rest(row):
    cache = MappingCache()
    map_to(ids=[row.pk], canonical_id="btts_ft", user="alice")
    cache.refresh()
    for source_market in (market("S_3CM", {"Y": "2", "N": "1.8"}), market("S_GGNG", {"Y": "2", "N": "1.8"})):
        (found,) = mapped("bet9ja", source_market, cache=cache).mapped
        assert (found.betpawa_market_id, [o.name for o in found.outcomes]) == ("3795", ["Yes", "No"])
    assert mapped("sportybet", market("29", {"Yes": "2"}), cache=cache).mapped


def test_mapping_twice_changes_nothing_the_second_time(row):
    first = map_to(ids=[row.pk], canonical_id="btts_ft", user="alice")
    second = map_to(ids=[row.pk], canonical_id="btts_ft", user="alice")
    assert first.change.outcome == "created" and second.change.outcome == "unchanged"
    assert outcomes(second.decisions) == ["unchanged"]
    assert MappingAuditLog.objects.count() == 1


def test_a_mapping_that_would_not_map_changes_nothing(row):
    with pytest.raises(ValidationError):
        map_to(ids=[row.pk], canonical_id="empty", values={"name": "Empty"}, user="alice")
    with pytest.raises(ValidationError):
        map_to(ids=[row.pk], canonical_id="btts_ft", outcome_texts={"maybe": "M"}, user="alice")
    row.refresh_from_db()
    assert row.status == "NEW" and not UserMarketMapping.objects.exists() and not MappingAuditLog.objects.exists()


def test_rows_of_a_fourth_bookmaker_are_mapped_without_a_column():
    cycle(1, entry("FL", source="nairabet"))
    row = UnmappedMarketLog.objects.get()
    map_to(ids=[row.pk], canonical_id="btts_ft", outcome_texts={"yes": "Si", "no": "No"}, user="alice")
    cache = MappingCache()
    cache.refresh()
    assert mapped("nairabet", market("FL", {"Si": "2", "No": "1.8"}), cache=cache).mapped


def test_creating_the_same_again_is_unchanged_and_another_content_is_refused():
    values = {**CORNERS, "bet9ja_key": "S_3CM"}
    assert create_mapping(canonical_id="c", values=values, user="alice").outcome == "created"
    assert create_mapping(canonical_id="c", values=values, user="alice").outcome == "unchanged"
    with pytest.raises(ValidationError):
        create_mapping(canonical_id="c", values={**values, "name": "Else"}, user="alice")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "quadruple"}, "kind"),
        ({"line_semantics": "nearly"}, "line_semantics"),
        ({"kind": "over_under"}, "line_semantics"),
        ({"outcome_mapping": []}, "outcome_mapping"),
        ({"outcome_mapping": [YES_NO[0], YES_NO[0]]}, "outcome_mapping"),
        ({"outcome_mapping": "text"}, "outcome_mapping"),
        ({"specifier_filters": {"sportybet": "minute"}}, "specifier_filters"),
        ({"extra_source_keys": [{"bookmaker": "BET 9JA", "key": "x"}]}, "extra_source_keys"),
        ({"version": 7}, "version"),
        ({"created_by": "mallory"}, "created_by"),
    ],
)
def test_a_bad_mapping_is_refused_by_field(values, field):
    with pytest.raises(ValidationError) as caught:
        create_mapping(canonical_id="c", values={**CORNERS, **values}, user="alice")
    assert field in caught.value.message_dict


def test_an_update_needs_the_version_that_was_read():
    mapping = create_mapping(canonical_id="c", values=CORNERS, user="alice").mapping
    change = update_mapping(canonical_id="c", changes={"name": "B"}, user="alice", version=mapping.version)
    assert (change.outcome, change.mapping.version, change.changed_fields) == ("updated", 2, ("name",))
    with pytest.raises(StaleVersion) as caught:
        update_mapping(canonical_id="c", changes={"name": "C"}, user="bob", version=mapping.version)
    stale = caught.value
    assert (stale.current, stale.changed_by) == (2, "alice")
    assert [(c.field, c.old, c.new, c.changed_by) for c in stale.changes] == [("name", "Three corners", "B", "alice")]


def test_updating_a_built_in_entry_makes_a_row_that_overrides_it():
    change = update_mapping(canonical_id="1x2_ft", changes={"name": "Match result"}, user="alice")
    assert change.outcome == "created"
    assert (change.mapping.betpawa_id, len(change.mapping.outcome_mapping)) == ("3743", 3)


def test_every_built_in_entry_survives_being_copied_into_a_row():
    from mappings.catalogue.loader import built_in, from_row
    from mappings.services.mappings import new_row

    for built in built_in():
        copy = from_row(new_row(built.canonical_id))
        assert {f: getattr(copy, f) for f in copy.__struct_fields__ if f not in ("origin", "overrides")} == {
            f: getattr(built, f) for f in built.__struct_fields__ if f not in ("origin", "overrides")
        }


def test_switching_off_and_on_is_audited_and_idempotent():
    create_mapping(canonical_id="c", values=CORNERS, user="alice")
    assert deactivate_mapping(canonical_id="c", user="alice", reason="Wrong prices").outcome == "deactivated"
    assert deactivate_mapping(canonical_id="c", user="alice").outcome == "unchanged"
    assert activate_mapping(canonical_id="c", user="bob").outcome == "activated"
    assert list(MappingAuditLog.objects.order_by("id").values_list("action", "created_by")) == [
        ("CREATE", "alice"),
        ("DEACTIVATE", "alice"),
        ("ACTIVATE", "bob"),
    ]


def test_a_built_in_entry_cannot_be_switched_off_and_an_unknown_one_is_said_so():
    with pytest.raises(ValidationError):
        deactivate_mapping(canonical_id="1x2_ft", user="alice")
    with pytest.raises(UserMarketMapping.DoesNotExist):
        deactivate_mapping(canonical_id="nothing", user="alice")
