"""Taking a change back leaves what others added, and never overwrites what they set."""

import pytest

from mappings.services.merging import Clash, without_change


def outcome(id, **texts):
    return {"canonical_id": id, "position": 0, **texts}


@pytest.mark.parametrize(
    ("field", "old", "new", "current", "result"),
    [
        ("name", "A", "B", "B", "A"),
        ("name", "A", "B", "A", "A"),
        ("extra_source_keys", [], [1], [1, 2], [2]),
        ("extra_source_keys", [1], [], [2], [2, 1]),
        ("extra_source_keys", [1], [1, 2], [2], []),
        ("specifier_filters", {}, {"a": "x"}, {"a": "x", "b": "y"}, {"b": "y"}),
        ("specifier_filters", {"a": "x"}, {"a": "y"}, {"a": "y", "b": "z"}, {"a": "x", "b": "z"}),
    ],
)
def test_what_nobody_else_touched_is_taken_back_beside_what_they_added(field, old, new, current, result):
    assert without_change(field, old, new, current) == result


def test_texts_of_one_outcome_are_told_apart():
    old = [outcome("yes", betpawa_name="Yes"), outcome("no", betpawa_name="No")]
    new = [outcome("yes", betpawa_name="Yes", bet9ja_suffix="Y"), outcome("no", betpawa_name="No", bet9ja_suffix="N")]
    current = [
        outcome("yes", betpawa_name="Yes", bet9ja_suffix="Y", sources={"nairabet": "Si"}),
        {**outcome("no", betpawa_name="No", bet9ja_suffix="N"), "position": 1},
        {**outcome("maybe"), "position": 2},
    ]
    assert without_change("outcome_mapping", old, new, current) == [
        outcome("yes", betpawa_name="Yes", sources={"nairabet": "Si"}),
        {**outcome("no", betpawa_name="No"), "position": 1},
        {**outcome("maybe"), "position": 2},
    ]


def test_an_outcome_that_was_removed_comes_back_last():
    old = [outcome("a"), {**outcome("b"), "position": 1}]
    current = [outcome("a"), {**outcome("c"), "position": 1}]
    back = without_change("outcome_mapping", old, [outcome("a")], current)
    assert [(o["canonical_id"], o["position"]) for o in back] == [("a", 0), ("c", 1), ("b", 2)]


@pytest.mark.parametrize(
    ("field", "old", "new", "current"),
    [
        ("name", "A", "B", "C"),
        ("specifier_filters", {"a": "1"}, {"a": "2"}, {"a": "3"}),
        ("specifier_filters", {}, {"a": "2"}, {"a": "3"}),
        ("outcome_mapping", [outcome("a")], [outcome("a", bet9ja_suffix="X")], [outcome("a", bet9ja_suffix="Y")]),
        ("outcome_mapping", [], [outcome("a")], [outcome("a", bet9ja_suffix="Y")]),
    ],
)
def test_what_somebody_has_set_since_is_never_overwritten(field, old, new, current):
    with pytest.raises(Clash):
        without_change(field, old, new, current)
