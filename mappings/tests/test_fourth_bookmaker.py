"""A fourth bookmaker is a row: what is asked by bookmaker knows it, and goes on refusing one that there is not."""

import json
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from mappings.models import UnmappedMarketLog
from mappings.priority import reprioritise
from mappings.services import create_mapping
from mappings.tests.preview_builders import queue_row, yes_no
from oddsproject.api.tests.people import client_of

pytestmark = pytest.mark.django_db
ASKED = ("/api/unmapped?source={}", "/api/unmapped/high-priority?source={}", "/api/mappings?platform={}")


@pytest.fixture
def nairabet():
    apps.get_model("odds", "Bookmaker").objects.create(slug="nairabet", name="NairaBet", position=3)
    key = {"bookmaker": "nairabet", "key": "FL"}
    values = {"name": "Penalty", "betpawa_id": "777", "extra_source_keys": [key], "outcome_mapping": yes_no()}
    create_mapping(canonical_id="penalty", values=values, user="ada")
    queue_row("1")
    return queue_row("F2", source="nairabet", priority=5)


def printed(*arguments):
    out = StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_api_answers_for_it(nairabet):
    client = client_of("trader")
    rows, best, mappings = (client.get(path.format("nairabet")).json()["items"] for path in ASKED)
    assert [row["id"] for row in rows] == [row["id"] for row in best] == [nairabet.pk]
    assert [mapping["canonicalId"] for mapping in mappings] == ["penalty"]
    assert client.get("/api/mappings/stats").json()["byPlatform"]["nairabet"] == 1
    preview = client.post("/api/unmapped/ignore-rules/preview", {"conditions": {"source": "nairabet"}})
    assert preview.json()["count"] == 1


@pytest.mark.parametrize("path", ASKED)
def test_the_api_refuses_one_that_there_is_not(path):
    answer = client_of("viewer").get(path.format("nairabet"))
    assert answer.status_code == 400 and "There is no such bookmaker." in answer.content.decode()


def test_the_commands_list_it_and_refuse_in_words_one_that_there_is_not(nairabet):
    assert [row["id"] for row in printed("unmapped", "list", "--source", "nairabet")] == [nairabet.pk]
    assert [one["canonicalId"] for one in printed("mapping", "list", "--platform", "nairabet")] == ["penalty"]
    for command in (("unmapped", "list", "--source"), ("mapping", "list", "--platform")):
        with pytest.raises(CommandError, match="no bookmaker 'betway'; there are: .*, nairabet"):
            call_command(*command, "betway", stdout=StringIO())


def test_it_counts_as_a_rival_whoever_is_put_in_order(nairabet):
    for row in UnmappedMarketLog.objects.all():
        row.sibling_key, row.family, row.event_count = f"{row.source}:btts:goals:", "btts", 5
        row.save()
    reprioritise(UnmappedMarketLog.objects.filter(source="sportybet").values_list("pk", flat=True))
    assert UnmappedMarketLog.objects.get(source="sportybet").priority_parts["rivals"] == 1
    assert reprioritise() == 1  # its own, and not the other again
