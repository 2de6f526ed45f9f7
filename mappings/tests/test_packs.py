"""A pack takes decisions from one desk to another: the same bytes again, all of it or nothing."""

import json

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings import ignore_rules
from mappings.catalogue.loader import definition_problems
from mappings.models import DecisionBatch, IgnoreRule, MappingAuditLog, UserMarketMapping
from mappings.packs import PackRefused, export_pack, import_pack, read_pack, review
from mappings.packs.format import written
from mappings.services import (
    create_mapping,
    deactivate_mapping,
    undo_batch,
    update_mapping,
)
from mappings.tests.pack_builders import NEW, content_of, emptied, taken
from mappings.tests.preview_builders import outcome

pytestmark = pytest.mark.django_db
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=12)
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,15}", fullmatch=True)


@pytest.fixture
def desk():
    """Two mappings, one of them off, an override, and two rules."""
    create_mapping(canonical_id="penalty", values=NEW, user="ada")
    create_mapping(canonical_id="Own_goal", values=NEW | {"sportybet_id": "998", "betpawa_id": "777002"}, user="ada")
    deactivate_mapping(canonical_id="Own_goal", user="ada")
    update_mapping(canonical_id="1x2_ft", changes={"name": "Match result"}, user="ada")
    ignore_rules.create_rule(name="Players", conditions={"name_contains": "player"}, user="ada")
    ignore_rules.create_rule(
        name="Specials", conditions={"source": "bet9ja", "key_prefix": "S_SP"}, until={"kind": "events"}, user="ada"
    )


def test_a_pack_taken_by_an_empty_desk_is_exported_again_byte_for_byte(desk):
    data = export_pack()
    emptied()
    assert taken(data) is not None
    assert export_pack() == data
    assert UserMarketMapping.objects.get(canonical_id="Own_goal").is_active is False


OUTCOMES = st.lists(
    st.builds(lambda id, text: outcome(id) | {"sources": {"rival": text}}, IDS, TEXTS), min_size=1, max_size=3
)
MAPPINGS = st.fixed_dictionaries(
    {
        "canonical_id": IDS,
        "name": TEXTS,
        "betpawa_id": st.none() | st.from_regex(r"[1-9][0-9]{0,9}", fullmatch=True),
        "bet9ja_key": st.from_regex(r"S_[A-Z0-9]{1,9}", fullmatch=True),
        "extra_source_keys": st.lists(st.builds(lambda key: {"bookmaker": "rival", "key": key}, TEXTS), max_size=2),
        "specifier_filters": st.dictionaries(st.just("sportybet"), st.just("minute=5")),
        "outcome_mapping": OUTCOMES,
        "priority": st.integers(-5, 5),
        "is_active": st.booleans(),
    }
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MAPPINGS, max_size=3, unique_by=lambda mapping: mapping["canonical_id"]))
def test_any_mappings_make_the_round_trip(mappings):
    emptied()
    rows = [UserMarketMapping(**mapping) for mapping in mappings]
    for row in rows:
        if not definition_problems(row):
            row.save()
    data = export_pack()
    emptied()
    taken(data)
    assert export_pack() == data
    assert taken(data) is None


def test_order_of_making_does_not_change_the_bytes(desk):
    data = export_pack()
    names = [mapping["canonical_id"] for mapping in content_of(data)["mappings"]]
    assert names == ["1x2_ft", "Own_goal", "penalty"]
    emptied()
    pack = read_pack(data)
    for number in (2, 0, 1):
        taken(data, only=[pack.mappings[number].canonical_id])
    taken(data)
    assert export_pack() == data


def test_an_import_is_one_batch_that_can_be_undone(desk):
    data = export_pack()
    UserMarketMapping.objects.filter(canonical_id="penalty").delete()
    update_mapping(canonical_id="1x2_ft", changes={"priority": 7}, user="bob")
    batch = DecisionBatch.objects.get(pk=taken(data, overwrite_newer=True))
    assert (batch.kind, batch.actor, batch.reason, batch.item_count) == ("import", "ada", "From staging", 2)
    changes = MappingAuditLog.objects.filter(batch=batch).order_by("canonical_id")
    assert [(change.canonical_id, change.action) for change in changes] == [("1x2_ft", "UPDATE"), ("penalty", "CREATE")]
    assert {change.reason for change in changes} == {"From staging"}
    assert undo_batch(batch.pk, "ada").done
    assert UserMarketMapping.objects.get(canonical_id="1x2_ft").priority == 7
    assert not UserMarketMapping.objects.get(canonical_id="penalty").is_active


def test_undoing_an_import_takes_its_rules_back_too_and_redoing_brings_them_again(desk):
    data = export_pack()
    IgnoreRule.objects.get(name="Players").delete()
    specials = IgnoreRule.objects.get(name="Specials")
    ignore_rules.update_rule(id=specials.pk, changes={"reason": "Ours", "position": 9}, user="bob")

    def here():
        return {(rule.name, rule.is_active, rule.reason, rule.position) for rule in IgnoreRule.objects.all()}

    undone = undo_batch(taken(data, overwrite_newer=True), "ada")
    assert sorted((item.kind, item.label, item.outcome) for item in undone.items) == [
        ("rule", "Players", "restored"), ("rule", "Specials", "restored"),
    ]  # fmt: skip
    assert here() == {("Players", False, "", 0), ("Specials", True, "Ours", 9)}
    assert undo_batch(undone.batch_id, "ada").done
    assert here() == {("Players", True, "", 0), ("Specials", True, "", 1)}


def test_taking_what_is_here_already_leaves_no_batch(desk):
    before = DecisionBatch.objects.count()
    assert taken(export_pack()) is None
    assert DecisionBatch.objects.count() == before


def test_a_review_names_every_field_and_outcome_that_differs(desk):
    data = export_pack()
    update_mapping(
        canonical_id="penalty",
        changes={
            "priority": 3,
            "outcome_mapping": [outcome("yes", "Yes", "Ja"), outcome("maybe", "Maybe", position=1)],
        },
        user="bob",
    )
    create_mapping(canonical_id="extra", values=NEW | {"sportybet_id": "997", "betpawa_id": None}, user="bob")
    diff = review(read_pack(data))
    (item,) = diff.changed
    found = {change.field: (change.old, change.new) for change in item.changes}
    assert found["priority"] == (3, 0)
    assert found["outcome_mapping.yes.sportybet_desc"] == ("Ja", "Yes")
    assert found["outcome_mapping.maybe"][1] is None
    assert found["outcome_mapping.no"][0] is None
    assert set(diff.unchanged) == {"1x2_ft", "Own_goal", "rule:Players", "rule:Specials"}
    assert (diff.created, diff.only_here, diff.problems) == ((), ("extra",), ())


def test_what_is_only_here_stays(desk):
    data = export_pack()
    create_mapping(canonical_id="extra", values=NEW | {"sportybet_id": "997"}, user="bob")
    taken(data)
    assert UserMarketMapping.objects.get(canonical_id="extra").is_active


def test_a_mapping_changed_here_since_is_named_and_taken_only_when_asked_for(desk):
    data = export_pack()
    update_mapping(canonical_id="penalty", changes={"name": "Penalty given"}, user="bob")
    (item,) = review(read_pack(data)).newer_here
    assert item.newer_here.startswith("bob, ")
    with pytest.raises(PackRefused, match="penalty: it was changed here"):
        taken(data)
    assert UserMarketMapping.objects.get(canonical_id="penalty").name == "Penalty given"
    taken(data, only=["penalty"])
    assert UserMarketMapping.objects.get(canonical_id="penalty").name == "Penalty awarded"


def test_a_pack_that_is_ahead_of_this_desk_is_no_later_edit(desk):
    old = export_pack()
    update_mapping(canonical_id="penalty", changes={"name": "Penalty given"}, user="bob")
    new = export_pack()
    emptied()
    taken(old)
    assert not review(read_pack(new)).newer_here
    taken(new)
    assert export_pack() == new


def test_what_both_desks_have_changed_since_the_last_pack_is_named_and_taken_only_when_asked_for(desk):
    old = export_pack()
    update_mapping(canonical_id="penalty", changes={"name": "Penalty given"}, user="staging")
    ignore_rules.update_rule(id=IgnoreRule.objects.get(name="Players").pk, changes={"position": 5}, user="staging")
    new = export_pack()
    emptied()
    taken(old)
    update_mapping(canonical_id="penalty", changes={"name": "Spot kick"}, user="bob")
    ignore_rules.update_rule(id=IgnoreRule.objects.get(name="Players").pk, changes={"position": 9}, user="carol")
    found = {item.id: item.newer_here.partition(",")[0] for item in review(read_pack(new)).newer_here}
    assert found == {"penalty": "bob", "rule:Players": "carol"}
    with pytest.raises(PackRefused, match="penalty: it was changed here: bob"):
        taken(new)
    taken(new, only=["penalty", "rule:Players"])
    assert export_pack() == new
    assert [item.id for item in review(read_pack(old)).newer_here] == ["penalty"]  # an older pack


def test_what_was_made_at_both_desks_is_a_change_of_this_one(desk):
    data = export_pack()
    emptied()
    create_mapping(canonical_id="penalty", values=NEW | {"name": "Spot kick"}, user="bob")
    (item,) = review(read_pack(data)).newer_here
    assert item.newer_here.startswith("bob, ")


def test_source_keys_that_would_be_claimed_twice_are_told(desk):
    data = export_pack()
    emptied()
    create_mapping(canonical_id="alpha", values=NEW | {"betpawa_id": "777009"}, user="bob")
    assert review(read_pack(data)).clashes == ("sportybet 999: alpha would come before penalty",)


# --- Refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda pack: pack["content"]["mappings"][0].update(name="Other"), "was changed since it was made"),
        (lambda pack: pack.update(version=2), "format version is 2"),
        (lambda pack: pack.update(format="zip"), "no mapping pack"),
        (lambda pack: pack["content"].pop("rules"), "must have mappings and rules"),
    ],
)
def test_a_pack_that_is_not_as_it_was_made_is_refused(desk, change, says):
    pack = json.loads(export_pack())
    change(pack)
    with pytest.raises(PackRefused, match=says):
        read_pack(json.dumps(pack).encode())


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b'"x"', b"[" * 100_000, b'{"format": 1}'])
def test_what_is_no_pack_is_refused(data):
    with pytest.raises(PackRefused):
        read_pack(data)


@pytest.mark.parametrize(
    ("value", "says"),
    [("\ud800", "cannot be stored"), ("\x00", "cannot be stored"), (10**30, "too large"), (None, "levels deep")],
)
def test_what_no_column_or_page_could_hold_is_refused(desk, value, says):
    content = content_of(export_pack())
    nested = "end"
    for _ in range(500):
        nested = [nested]
    content["mappings"][0]["specifier_filters"] = {"sportybet": {"variant": nested if value is None else value}}
    pack = {"format": "oddsproject.mapping-pack", "version": 1, "content": content, "checksum": ""}
    with pytest.raises(PackRefused, match=says):
        read_pack(json.dumps(pack).encode())


def test_every_problem_of_form_is_named(desk):
    content = content_of(export_pack())
    first, second, third = content["mappings"]
    first["colour"] = "red"
    second["priority"] = "high"
    content["mappings"].append(third)
    del content["rules"][0]["until"]
    with pytest.raises(PackRefused) as refused:
        read_pack(written(content))
    text = "\n".join(refused.value.problems)
    assert len(refused.value.problems) == 4
    assert all(part in text for part in ("colour", "priority", "penalty is there twice", "until"))


def test_every_mapping_and_rule_that_would_not_be_saved_is_named_and_nothing_is_taken(desk):
    content = content_of(export_pack())
    emptied()
    content["mappings"][0] |= {"kind": "nonsense"}
    content["mappings"][2] |= {"line_semantics": "sideways", "canonical_id": "a b"}
    content["rules"][0]["conditions"] = {}
    pack = read_pack(written(content))
    assert len(review(pack).problems) >= 4
    with pytest.raises(PackRefused, match="nonsense"):
        import_pack(pack, user="ada", reason="x")
    assert not UserMarketMapping.objects.exists()
    with pytest.raises(PackRefused, match="no nothing"):
        import_pack(pack, user="ada", reason="x", only=["nothing"])


def test_a_part_of_a_pack_can_be_taken_while_another_part_has_problems(desk):
    content = content_of(export_pack())
    emptied()
    content["mappings"][0] |= {"kind": "nonsense"}
    import_pack(read_pack(written(content)), user="ada", reason="x", only=["penalty", "rule:Players"])
    assert list(UserMarketMapping.objects.values_list("canonical_id", flat=True)) == ["penalty"]
    assert list(IgnoreRule.objects.values_list("name", flat=True)) == ["Players"]


def test_a_review_asks_the_database_the_same_however_large_the_pack(desk, django_assert_max_num_queries):
    for number in range(20):
        create_mapping(canonical_id=f"own{number}", values=NEW | {"sportybet_id": f"{2000 + number}"}, user="ada")
    pack = read_pack(export_pack())
    emptied()
    with django_assert_max_num_queries(6):
        assert len(review(pack).created) == 25


# --- Command line ---------------------------------------------------------------------------------


def run(*arguments):
    try:
        call_command("mapping_pack", *map(str, arguments))
    except SystemExit as exit:
        return exit.code
    return 0


def test_the_command_exports_reviews_and_imports(desk, tmp_path, capsys):
    file = tmp_path / "pack.json"
    assert run("export", file) == 0
    assert file.read_bytes() == export_pack()
    assert run("review", file) == 0
    emptied()
    for name, role in (("ada", "lead"), ("tim", "trader")):
        User.objects.create_user(name).groups.add(Group.objects.get(name=role))
    assert run("review", file) == 3
    assert "create   penalty: Penalty awarded" in capsys.readouterr().out
    for nobody in ("tim", "eve"):
        with pytest.raises(CommandError, match=nobody):
            run("import", file, "--user", nobody, "--reason", "From staging")
    assert run("import", file, "--user", "ada", "--reason", "From staging", "--only", "penalty") == 0
    assert "Imported as decision" in capsys.readouterr().out
    assert UserMarketMapping.objects.get().canonical_id == "penalty"


def test_the_command_names_what_is_wrong_with_a_file(tmp_path):
    file = tmp_path / "pack.json"
    file.write_text("{}")
    with pytest.raises(CommandError, match="no mapping pack"):
        run("review", file)
    with pytest.raises(CommandError, match="No such file"):
        run("review", tmp_path / "none.json")
