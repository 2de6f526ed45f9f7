"""The preview from the command line: what it prints, and its exit code."""

import json

import pytest
from django.core.management import CommandError, call_command

from mappings.models import UserMarketMapping
from mappings.tests.builders import market
from mappings.tests.preview_builders import Stored, keep_fixture, queue_row, yes_no

pytestmark = pytest.mark.django_db
NEW = {"name": "Penalty awarded", "betpawa_id": "777001", "sportybet_id": "999", "outcome_mapping": yes_no()}


@pytest.fixture(autouse=True)
def _stored(monkeypatch):
    monkeypatch.setattr("mappings.ports._registered", Stored())


@pytest.fixture
def run(tmp_path, capsys):
    def run(values, *arguments, canonical_id="penalty"):
        file = tmp_path / "values.json"
        file.write_text(values if isinstance(values, str) else json.dumps(values))
        try:
            call_command("mapping_preview", canonical_id, "--values", str(file), *arguments)
        except SystemExit as exit:
            return exit.code, capsys.readouterr().out
        return 0, capsys.readouterr().out

    return run


def test_a_clean_mapping_exits_with_0_and_shows_the_fixtures(run):
    keep_fixture(
        sportybet=[market("999", {"Yes": "1.5", "No": "2.8"})], betpawa=[market("777001", {"Yes": "1.6", "No": "2.6"})]
    )
    code, text = run(NEW)
    assert code == 0
    assert "penalty: created" in text
    assert "added     SportyBet 999 → Penalty awarded: Yes – → 1.5 (BetPawa 1.6)" in text
    assert not UserMarketMapping.objects.exists()


def test_warnings_exit_with_3(run):
    code, text = run(NEW | {"sportybet_id": "29"})
    assert code == 3
    assert "warning SAME_KEY: SportyBet 29 is claimed by" in text
    assert "A reason is needed" in text


def test_errors_exit_with_1(run):
    code, text = run(NEW | {"kind": "nonsense"})
    assert code == 1
    assert "nonsense" in text


def test_queue_rows_and_their_outcome_texts_extend_a_mapping(run):
    row = queue_row("1000", texts=("Ja", "Nein"), event_count=4)
    values = {name: NEW[name] for name in ("name", "betpawa_id")} | {"outcome_mapping": yes_no(None, None)}
    code, text = run(values | {"outcome_texts": {"yes": "Ja", "no": "Nein"}}, "--queue", str(row.pk))
    assert code == 0
    assert "sportybet_id: – → 1000" in text
    assert "about 4 events, 1 markets, 4 rows" in text


def test_json_is_the_whole_preview(run):
    code, text = run(NEW, "--json")
    assert code == 0
    assert json.loads(text)["canonicalId"] == "penalty"


def test_a_file_that_cannot_be_read_says_so(run):
    for values in ("{", "[]"):
        with pytest.raises(CommandError, match="values.json"):
            run(values)
