"""The desk from the command line: who may, what is decided, and what a script is told by exit code."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from mappings import services
from mappings.management.commands.mapping import Command as MappingCommand
from mappings.models import (
    DecisionBatch,
    IgnoreRule,
    MappingAuditLog,
    MarketSuggestion,
    UnmappedMarketLog,
    UserMarketMapping,
)
from oddsproject.api.tests.people import make_person

pytestmark = pytest.mark.django_db

OUTCOMES = [{"canonical_id": name, "betpawa_name": name, "position": n} for n, name in enumerate("1X2")]


@pytest.fixture
def trader(db):
    return make_person("trader").username


@pytest.fixture
def lead(db):
    return make_person("lead").username


def run(*arguments):
    """(exit code, what was printed)"""
    out = StringIO()
    try:
        call_command(*map(str, arguments), stdout=out, stderr=StringIO())
    except SystemExit as left:
        return left.code, out.getvalue()
    return 0, out.getvalue()


def data_of(*arguments):
    code, text = run(*arguments, "--json")
    return code, json.loads(text)


def make_row(key, source="bet9ja", **fields):
    return UnmappedMarketLog.objects.create(source=source, external_market_id=key, **fields)


def make_rows(count, **fields):
    return [make_row(f"S_{n}", market_name=f"Cards {n}", **fields) for n in range(count)]


def make_mapping(canonical_id="corners_x", **values):
    given = {"name": "Corners X", "betpawa_id": "777001", "bet9ja_key": "S_CX", "outcome_mapping": OUTCOMES, **values}
    services.create_mapping(canonical_id=canonical_id, values=given, user="ada")


def test_the_queue_is_listed_by_priority_and_counted(trader):
    make_rows(2, priority=1)
    high = make_row("18", "sportybet", market_name="Goals", priority=9)
    code, text = run("unmapped", "list")
    assert code == 0 and text.index("Goals") < text.index("Cards 0") and "3 match." in text
    assert [row["id"] for row in data_of("unmapped", "list", "--source", "sportybet")[1]] == [high.pk]
    assert data_of("unmapped", "counts")[1] == {
        "NEW": 3, "ACKNOWLEDGED": 0, "SNOOZED": 0, "REVIEW": 0, "IGNORED": 0, "MAPPED": 0,
    }  # fmt: skip
    assert data_of("unmapped", "counts", "--user", trader)[1]["MINE"] == 0


def test_rows_are_decided_by_id_with_a_result_each_and_the_undo_is_said(trader):
    first, second = make_rows(2)
    code, made = data_of("unmapped", "acknowledge", first.pk, second.pk, "--user", trader, "--reason", "Later")
    assert code == 0 and made["counts"] == {"changed": 2}
    assert DecisionBatch.objects.get(pk=made["batchId"]).actor == trader
    code, again = data_of("unmapped", "acknowledge", first.pk, "--user", trader)
    assert code == 4 and again["batchId"] is None
    code, text = run("mapping", "undo", made["batchId"], "--user", trader)
    assert code == 0 and "2 restored" in text
    assert UnmappedMarketLog.objects.filter(status="NEW").count() == 2


def test_some_that_are_refused_give_code_three(trader):
    (row,) = make_rows(1)
    UnmappedMarketLog.objects.update(status="MAPPED")
    code, made = data_of("unmapped", "ignore", row.pk, 999_999, "--user", trader)
    assert code == 3 and made["counts"] == {"refused": 1, "not_found": 1}


@pytest.mark.parametrize("command", ["acknowledge", "ignore", "reopen", "accept-best", "snooze"])
def test_all_that_match_a_filter_are_rehearsed_without_a_trace(trader, command):
    make_rows(3, family="cards")
    until = ["--until", "days:2"] if command == "snooze" else []
    code, _ = run("unmapped", command, "--family", "cards", "--user", trader, "--dry-run", *until)
    assert code == {"reopen": 4, "accept-best": 3}.get(command, 0)
    assert UnmappedMarketLog.objects.filter(tab="NEW").count() == 3 and not DecisionBatch.objects.exists()


UNTILS = [("family", "betpawa_family"), ("events", "events"), ("days:30", "date"), ("2030-01-01T10:00", "date")]


@pytest.mark.parametrize(("until", "kind"), UNTILS)
def test_ignoring_takes_conditions_and_times(trader, until, kind):
    (row,) = make_rows(1, family="cards")
    assert run("unmapped", "ignore", row.pk, "--until", until, "--user", trader)[0] == 0
    row.refresh_from_db()
    assert row.ignore_until["kind"] == kind


def test_the_best_suggestion_is_accepted_where_it_is_strong(trader):
    strong, weak = make_rows(2)
    pairing = [
        {"canonicalId": f"o{name}", "betpawaName": name, "text": name, "label": name, "flag": ""} for name in "12"
    ]
    for row, band in ((strong, "strong"), (weak, "weak")):
        MarketSuggestion.objects.create(
            unmapped=row, rank=1, betpawa_id=f"77{row.pk}", name=f"M {row.pk}", confidence=0.9, band=band, score=1,
            pairing=pairing,
        )  # fmt: skip
    reason = ("--reason", "Names agree")
    code, made = data_of("unmapped", "accept-best", strong.pk, weak.pk, "--user", trader, *reason)
    assert code == 3 and [found["outcome"] for found in made["results"]] == ["changed", "refused"]


def test_triage_applies_rules_in_order_to_what_is_new(trader):
    make_rows(3)
    make_row("18", "sportybet", market_name="Goals")
    for position, (name, text) in enumerate({"First": "cards 1", "All": "cards"}.items()):
        IgnoreRule.objects.create(name=name, position=position, conditions={"name_contains": text})
    code, found = data_of("unmapped", "triage", "--user", trader, "--dry-run")
    assert code == 0 and [(rule["rule"], rule["ignored"]) for rule in found["rules"]] == [("First", 1), ("All", 2)]
    assert not DecisionBatch.objects.exists()
    assert data_of("unmapped", "triage", "--rule", "All", "--user", trader)[1]["rules"][0]["ignored"] == 3
    assert run("unmapped", "triage", "--user", trader)[0] == 4
    assert UnmappedMarketLog.objects.filter(status="IGNORED").count() == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("unmapped", "acknowledge", "1", "--user", "nobody"),
        ("unmapped", "acknowledge", "1", "--user", "viewer"),
        ("unmapped", "acknowledge", "--user", "trader"),
        ("unmapped", "acknowledge", "1", "--family", "x", "--user", "trader"),
        ("unmapped", "acknowledge", "1"),
        ("unmapped", "snooze", "1", "--until", "events", "--user", "trader"),
        ("unmapped", "snooze", "1", "--until", "someday", "--user", "trader"),
        ("unmapped", "list", "--min-events", "many"),
        ("unmapped", "list", "--announced", "today"),
        ("unmapped", "list", "--source", "betway"),
        ("unmapped", "list", "--band", "sure"),
        ("unmapped", "triage", "--rule", "No such", "--user", "trader"),
        ("mapping", "show", "no_such"),
        ("mapping", "undo", "999999", "--user", "trader"),
        ("mapping", "restore", "corners_x", "1", "--user", "trader"),
        ("mapping", "apply", "no_such", "--user", "trader"),
    ],
)
def test_what_cannot_be_done_is_an_error_in_words(trader, arguments):
    make_person("viewer")
    with pytest.raises(CommandError) as refused:
        call_command(*arguments, stdout=StringIO())
    assert str(refused.value) and refused.value.returncode == 1
    assert not DecisionBatch.objects.exists()


def test_only_leads_undo_what_others_did(trader, lead):
    (row,) = make_rows(1)
    batch_id = services.ignore(ids=[row.pk], user="ada").batch_id
    with pytest.raises(CommandError, match="only a lead"):
        call_command("mapping", "undo", str(batch_id), "--user", trader, stdout=StringIO())
    assert run("mapping", "undo", batch_id, "--user", lead, "--dry-run")[0] == 0
    assert run("mapping", "undo", batch_id, "--user", lead)[0] == 0
    assert run("mapping", "undo", batch_id, "--user", lead)[0] == 4


def test_undoing_the_last_goes_back_until_there_is_nothing(trader):
    (row,) = make_rows(1)
    services.ignore(ids=[row.pk], user=trader)
    assert run("mapping", "undo-last", "--user", trader)[0] == 0
    assert run("mapping", "undo-last", "--user", trader)[0] == 4


def test_what_somebody_has_changed_since_is_refused_or_left(trader):
    rows = make_rows(2)
    batch_id = services.acknowledge(ids=[row.pk for row in rows], user=trader).batch_id
    services.ignore(ids=[rows[0].pk], user="ada")
    assert run("mapping", "undo", batch_id, "--user", trader)[0] == 3
    code, undone = data_of("mapping", "undo", batch_id, "--partly", "--user", trader)
    assert code == 3 and undone["counts"] == {"restored": 1, "refused": 1}


def test_mappings_are_listed_shown_and_restored(lead):
    make_mapping()
    services.update_mapping(canonical_id="corners_x", changes={"priority": 9}, user="ada", reason="First")
    code, found = data_of("mapping", "list", "--source", "db")
    assert code == 0 and [mapping["canonicalId"] for mapping in found] == ["corners_x"]
    assert json.loads(run("mapping", "show", "corners_x")[1])["priority"] == 9
    newest, oldest = data_of("mapping", "versions", "corners_x")[1]
    assert newest["reason"] == "First" and [change["field"] for change in newest["changes"]] == ["priority"]
    assert "First" in run("mapping", "versions", "corners_x")[1]
    restore = ("mapping", "restore", "corners_x", oldest["id"], "--user", lead)
    assert data_of(*restore, "--dry-run")[1]["changedFields"] == ["priority"]
    assert run(*restore)[0] == 0 and UserMarketMapping.objects.get().priority == 0
    assert run(*restore)[0] == 4
    assert MappingAuditLog.objects.latest("id").created_by == lead
    decisions = data_of("mapping", "decisions", "--kind", "restore")[1]
    assert [decision["actor"] for decision in decisions] == [lead]
    assert "Restore" in run("mapping", "decisions")[1]


def test_keys_that_two_mappings_claim_are_conflicts():
    assert run("mapping", "conflicts")[0] == 0
    make_mapping()
    make_mapping("corners_y")
    code, found = data_of("mapping", "conflicts")
    assert code == 3 and {found[0]["winner"], found[0]["loser"]} == {"corners_x", "corners_y"}
    assert run("mapping", "conflicts", "corners_x")[0] == 3


def test_applying_is_a_task(trader):
    make_mapping()
    code, made = data_of("mapping", "apply", "corners_x", "--user", trader)
    assert code == 0 and made["taskId"]


def test_every_subcommand_has_its_function():
    parser = MappingCommand().create_parser("manage.py", "mapping")
    (subparsers,) = (action for action in parser._actions if action.dest == "command")
    assert all(hasattr(MappingCommand, f"_{name.replace('-', '_')}") for name in subparsers.choices)
