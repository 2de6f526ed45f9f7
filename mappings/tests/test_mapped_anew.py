"""A mapping that is switched off takes part in nothing: who maps to it from the queue begins with what is in force."""

from itertools import permutations

import pytest

from mappings import services
from mappings.accepting import accept_best, plan_for
from mappings.admin_drafts import opened
from mappings.cache import mapping_cache
from mappings.models import UnmappedMarketLog, UserMarketMapping
from mappings.preview import preview_mapping
from mappings.services.mappings import EDITABLE
from mappings.tests.test_accepting import row, suggest, texts_of
from mappings.tests.test_services import CORNERS

pytestmark = pytest.mark.django_db
TEXTS = {"yes": "Y", "no": "N"}


@pytest.fixture(autouse=True)
def fresh_mappings():
    mapping_cache.refresh(force=True)


def bare():
    """A built-in market of BetPawa's without outcomes."""
    return next(one for one in mapping_cache.snapshot.definitions if one.betpawa_id and not one.outcomes)


def values_of(canonical_id):
    stored = UserMarketMapping.objects.get(canonical_id=canonical_id)
    return {name: getattr(stored, name) for name in EDITABLE}


KINDS = {
    "built-in without outcomes": lambda: (bare().canonical_id, (("0_3", "0-3", "0-3"), ("4", "4", "four"))),
    "built-in with outcomes": lambda: ("btts_ft", (("yes", "Yes", "Yes"), ("no", "No", "No"))),
    "new": lambda: ("", (("yes", "Yes", "Yes"), ("no", "No", "No"))),
}


@pytest.mark.parametrize("order", list(permutations(range(2))))
@pytest.mark.parametrize("other", ["sportybet", "bet9ja"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_taken_back_does_not_come_back_with_the_next_mapping(kind, other, order):
    canonical_id, pairs = KINDS[kind]()
    rows = [row("900777"), row("900778" if other == "sportybet" else "S_NEVER", source=other)]
    for one in rows:
        suggest(one, canonical_id, pairs)

    def accept(one):
        (made,) = accept_best(ids=[one.pk], user="ada", reason="It is")
        assert made.outcome == "changed", made.detail
        return services.Decisions([made], UnmappedMarketLog.objects.get(pk=one.pk).changes.latest("id").batch_id)

    fresh = accept(rows[0])
    mapped_to = UnmappedMarketLog.objects.get(pk=rows[0].pk).mapped_to.canonical_id
    wanted = values_of(mapped_to)
    second = accept(rows[1])
    batches = [fresh.batch_id, second.batch_id]
    asked = [batches[place] for place in order]
    left = [batch_id for batch_id in asked if not services.undo_batch(batch_id, "ada").done]
    assert all(services.undo_batch(batch_id, "ada").done for batch_id in left)
    mapping_cache.refresh()
    assert not any(mapping_cache.lookup(one.source, one.external_market_id) for one in rows)
    accept(rows[0])
    assert values_of(mapped_to) == wanted
    mapping_cache.refresh()
    assert not mapping_cache.lookup(rows[1].source, rows[1].external_market_id)
    assert UserMarketMapping.objects.filter(is_active=True).count() == 1


@pytest.fixture
def taken_back():
    """Two keys that were mapped to a market of our own, which is switched off since; (one, other)."""
    rows = [row("S_A", source="bet9ja"), row("S_B", source="bet9ja")]
    given = {"canonical_id": "three", "user": "ada"}
    services.map_to(ids=[rows[0].pk], values=CORNERS | {"priority": 3}, outcome_texts=TEXTS, **given)
    services.map_to(ids=[rows[1].pk], **given)
    services.deactivate_mapping(canonical_id="three", user="ada")
    return rows


def test_mapping_to_a_switched_off_market_keeps_its_names_and_outcomes_and_no_other_key(taken_back):
    services.map_to(ids=[taken_back[1].pk], canonical_id="three", user="bob")
    found = values_of("three")
    assert (found["bet9ja_key"], found["extra_source_keys"], found["priority"]) == ("S_B", [], 0)
    assert found["name"] == CORNERS["name"] and found["outcome_mapping"][0]["bet9ja_suffix"] == "Y"


def test_the_preview_shows_the_keys_that_stay_away(taken_back):
    preview = preview_mapping(canonical_id="three", values={}, ids=[taken_back[1].pk])
    assert preview.change == "activated"
    assert preview.changes["bet9ja_key"] == ("S_A", "S_B")
    assert preview.changes["extra_source_keys"] == ([{"bookmaker": "bet9ja", "key": "S_B"}], [])
    services.map_to(ids=[taken_back[1].pk], canonical_id="three", user="bob")
    for field, (_, new) in preview.changes.items():
        assert values_of("three")[field] == new


def test_switching_on_undo_and_restoring_bring_everything_back(taken_back):
    before = values_of("three") | {"is_active": True}
    made = services.map_to(ids=[taken_back[1].pk], canonical_id="three", user="bob")
    assert services.undo_batch(made.batch_id, "bob").done
    assert values_of("three") == before | {"is_active": False}
    services.activate_mapping(canonical_id="three", user="bob")
    assert values_of("three") == before


def test_doing_a_mapping_again_beside_a_newer_one_gives_its_key_back():
    rows = [row("S_A", source="bet9ja"), row("S_B", source="bet9ja")]
    given = {"canonical_id": "three", "values": CORNERS, "outcome_texts": TEXTS}
    first = services.map_to(ids=[rows[0].pk], user="ada", **given)
    undone = services.undo_batch(first.batch_id, "ada")
    services.map_to(ids=[rows[1].pk], user="bob", **given)
    again = services.undo_batch(undone.batch_id, "ada")
    assert again.counts == {"merged": 1, "restored": 1}
    mapping_cache.refresh()
    assert all(mapping_cache.lookup("bet9ja", one.external_market_id) for one in rows)
    assert values_of("three")["bet9ja_key"] == "S_B"


def test_what_somebody_mapped_beside_a_mapping_made_anew_is_not_switched_off_with_it(taken_back):
    made = services.map_to(ids=[taken_back[0].pk], canonical_id="three", user="ada")
    services.map_to(ids=[taken_back[1].pk], canonical_id="three", user="bob")
    undone = services.undo_batch(made.batch_id, "ada")
    assert not undone.done and "bob, " in undone.refused[0].detail
    assert values_of("three")["is_active"]


def test_a_row_is_not_mapped_again_where_its_mapping_cannot_have_it_back():
    one, other = row("S_A", source="bet9ja"), row("S_B", source="bet9ja")
    swapped = {"yes": "N", "no": "Y"}
    given = {"canonical_id": "three", "values": CORNERS}
    first = services.map_to(ids=[one.pk], user="ada", outcome_texts=TEXTS, **given)
    undone = services.undo_batch(first.batch_id, "ada")
    services.map_to(ids=[other.pk], user="bob", outcome_texts=swapped, **given)
    again = services.undo_batch(undone.batch_id, "ada", partly=True)
    assert not again.done and {item.outcome for item in again.items} == {"refused"}
    one.refresh_from_db()
    assert one.status == "NEW"


def test_the_form_begins_with_what_is_in_force_and_not_with_what_was_switched_off():
    one = row("S_A", source="bet9ja")
    services.update_mapping(canonical_id="btts_ft", changes={"bet9ja_key": "S_OLD", "name": "Old"}, user="ada")
    services.deactivate_mapping(canonical_id="btts_ft", user="ada")
    mapping_cache.refresh()
    built_in = mapping_cache.snapshot.by_canonical_id["btts_ft"]
    draft = opened("btts_ft", ids=(one.pk,))
    assert (draft.values["name"], draft.values["bet9ja_key"]) == (built_in.name, built_in.keys["bet9ja"][0])
    assert opened("btts_ft").values["name"] == "Old"


def test_an_accepted_suggestion_takes_the_switched_off_mapping_of_its_market_up_again():
    one = row()
    suggestion = suggest(one, canonical_id="")
    made = accept_best(ids=[one.pk], user="ada")
    services.undo_batch(made.batch_id, "ada")
    mapping_cache.refresh()
    plan = plan_for(one, suggestion)
    assert (plan.canonical_id, plan.mapping_version) == ("never_named", 2)
    accept_best(ids=[one.pk], user="ada")
    assert texts_of(UserMarketMapping.objects.get()) == {"yes": "Yes", "no": "No"}
