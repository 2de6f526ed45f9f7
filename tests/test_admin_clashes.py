"""Two mappings that claim one source key are shown side by side, and each way out of it is one decision."""

import pytest
from django.urls import reverse

from mappings.cache import mapping_cache
from mappings.clashes import claimed_twice, undecided_count
from mappings.models import DecisionBatch, UserMarketMapping
from mappings.services import create_mapping, update_mapping
from mappings.tests.preview_builders import outcome, yes_no
from tests.admin_rows import HOSTILE, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/clashes/"


@pytest.fixture
def clash():
    """(gets the key, gets nothing of it)"""
    values = {"sportybet_id": "900", "outcome_mapping": yes_no()}
    named = (("alpha", "Alpha", "776"), ("beta", HOSTILE, "775"))
    return [
        create_mapping(canonical_id=id, values=values | {"name": name, "betpawa_id": key}, user="ada").mapping
        for id, name, key in named
    ]


def settle(client, mapping, way, **more):
    sent = {"slug": "sportybet", "key": "900", "canonical_id": mapping.canonical_id, "version": mapping.version}
    return client.post(PAGE, {**sent, "way": way, **more}, follow=True)


def winner():
    mapping_cache.refresh()
    return mapping_cache.lookup("sportybet", "900")[0].canonical_id


def test_the_claimants_of_a_key_stand_side_by_side_with_what_both_take(clash):
    (found,) = claimed_twice()
    assert (found.bookmaker_slug, found.key, found.shared) == ("sportybet", "900", ("Yes", "No"))
    assert [(one.definition.canonical_id, one.gets_it, one.ways) for one in found.claimants] == [
        ("alpha", True, ("off", "let_go")),
        ("beta", False, ("off", "let_go", "first")),
    ]
    content = sign_in("trader").get(PAGE).content.decode()
    assert "Gets nothing" in content and "<script>alert" not in content and 'data-key="5"' in content


@pytest.mark.parametrize("way", ["off", "let_go", "first"])
def test_each_way_settles_the_clash_in_one_decision_that_can_be_undone(clash, way):
    client, second = sign_in("trader", "bayo"), clash[1]
    assert "in force from the next batch on" in settle(client, second, way).context["said"]["words"]
    mapping_cache.refresh()
    assert winner() == ("beta" if way == "first" else "alpha")
    assert [one.is_decided for one in claimed_twice()] == [True] * (way == "first")  # both still claim it
    assert b"claimed by two mappings" not in client.get("/admin/").content
    batch = DecisionBatch.objects.filter(actor="bayo").get()
    assert batch.reason == "sportybet 900 was claimed by more than one mapping."
    client.post(reverse("admin:mappings_undo"), {"batch": batch.pk})
    (found,) = claimed_twice()
    assert [one.definition.canonical_id for one in found.claimants] == ["alpha", "beta"]


def test_a_mapping_that_was_changed_meanwhile_is_left_alone(clash):
    second = clash[1]
    update_mapping(canonical_id="beta", changes={"name": "Theirs"}, user="bob")
    answer = settle(sign_in("trader"), second, "off")
    assert "Nothing was changed" in answer.context["said"]["words"]
    assert UserMarketMapping.objects.get(canonical_id="beta").is_active


@pytest.mark.parametrize("way", ["first", "nonsense"])
def test_what_is_no_way_out_changes_nothing(clash, way):
    answer = settle(sign_in("trader"), clash[0], way)
    assert "Nothing was changed" in answer.context["said"]["words"]
    assert set(UserMarketMapping.objects.values_list("priority", "is_active")) == {(0, True)}


def test_a_viewer_sees_clashes_and_settles_none(clash):
    client = sign_in("viewer")
    assert b'name="way"' not in client.get(PAGE).content
    assert settle(client, clash[1], "off").status_code == 403
    assert len(claimed_twice()) == 1


def test_the_overview_leads_to_clashes_where_there_are_any(clash):
    assert b"1 source key is claimed by two mappings" in sign_in("viewer").get("/admin/").content


def test_no_clash_is_said_in_words():
    assert b"No clash" in sign_in("viewer").get(PAGE).content
    assert b"claimed by two mappings" not in sign_in("trader").get("/admin/").content


def claimants(**priorities):
    """a and b take Yes, b and c take No, c and d take Maybe: each collides with its neighbours only."""
    texts = {"a": ["Yes"], "b": ["Yes", "No"], "c": ["No", "Maybe"], "d": ["Maybe"]}
    for number, (id, priority) in enumerate(priorities.items()):
        table = [outcome(text, text, text, position=place) for place, text in enumerate(texts[id])]
        values = {"sportybet_id": "900", "name": id, "betpawa_id": f"77{number}", "outcome_mapping": table}
        create_mapping(canonical_id=id, values=values | {"priority": priority}, user="ada")


@pytest.mark.parametrize(
    ("priorities", "get_it", "is_decided"),
    [
        ({"a": 0, "b": 0, "c": 0}, "ac", False),
        ({"a": 5, "b": 0, "c": 5}, "ac", True),  # the two that are equal do not collide
        ({"a": 5, "b": 0, "c": 0}, "ac", True),  # b loses to a, whatever the alphabet says of b and c
        ({"a": 9, "b": 0, "c": 0, "d": 0}, "ac", False),  # a is first, and only the alphabet says that c is before d
        ({"a": 9, "b": 0, "c": 0, "d": 5}, "ad", True),
        ({"a": 0, "b": 5, "c": 0}, "b", True),
    ],
)
def test_of_several_claimants_each_gets_what_no_stronger_one_takes(priorities, get_it, is_decided):
    claimants(**priorities)
    (found,) = claimed_twice()
    assert {one.definition.canonical_id for one in found.claimants if one.gets_it} == set(get_it)
    selected = mapping_cache.snapshot.table("sportybet").select("900", "").plans
    assert {plan.canonical_id for plan in selected} == set(get_it)
    assert (found.is_decided, undecided_count()) == (is_decided, 0 if is_decided else 1)
    assert {one.definition.canonical_id for one in found.claimants if "first" in one.ways} == {*priorities} - {*get_it}
