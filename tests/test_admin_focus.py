"""Focus mode's addresses: what they show, what they decide, and what they refuse."""

import json

import pytest
from django.urls import reverse
from msgspec import structs

from mappings import admin_focus, services
from mappings.cache import mapping_cache
from mappings.models import DecisionBatch, MarketSuggestion, UnmappedMarketLog, UserMarketMapping
from mappings.tests.builders import market
from mappings.tests.preview_builders import keep_fixture
from tests.admin_rows import HOSTILE, make_unmapped, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_mappings():
    mapping_cache.refresh(force=True)


YES_OR_NO = [{"text": text, "key": text, "price": "1.85", "specifier": ""} for text in ("Yes", "No")]


def suggested(row, betpawa_id=None):
    definition = mapping_cache.snapshot.by_canonical_id["btts_ft"]
    pairs = [{"canonicalId": id, "betpawaName": id.title(), "text": id.title(), "flag": ""} for id in ("yes", "no")]
    return MarketSuggestion.objects.create(
        unmapped=row, rank=1, betpawa_id=betpawa_id or definition.betpawa_id, canonical_id="btts_ft",
        name=definition.name, confidence=0.97, band="strong", score=4, pairing=pairs,
        reasons=[{"family": "name", "points": 2.0, "text": "same kind"}],
    )  # fmt: skip


def post(client, name, body):
    return client.post(reverse(f"admin:mappings_focus_{name}"), json.dumps(body), content_type="application/json")


def decide(client, row, decision, **more):
    row.refresh_from_db()
    return post(client, "decide", {"decision": decision, "id": row.pk, "version": row.version, **more})


def test_ids_come_in_the_order_of_the_queue_and_only_those_of_the_filter():
    low, high, other = make_unmapped(1, priority=1), make_unmapped(2, priority=5), make_unmapped(3, source="bet9ja")
    client = sign_in("viewer")
    answer = client.get(reverse("admin:mappings_focus_ids"), {"source": "sportybet"}).json()
    assert answer == {"ids": [high.pk, low.pk], "total": 2, "canUndo": False}
    assert other.pk in client.get(reverse("admin:mappings_focus_ids")).json()["ids"]


def test_an_item_has_its_candidates_with_reasons_and_pairing(django_assert_max_num_queries):
    row = make_unmapped(1, market_name=HOSTILE)
    suggested(row)
    client = sign_in("viewer")
    with django_assert_max_num_queries(12):
        (item,) = client.get(reverse("admin:mappings_focus_items"), {"ids": f"{row.pk},999999"}).json()["items"]
    assert item["name"] == HOSTILE
    (reason,) = item["candidates"][0]["reasons"]
    assert reason == {"family": "name", "title": "Name", "points": 2.0, "text": "same kind"}
    assert [pair["text"] for pair in item["candidates"][0]["pairing"]] == ["Yes", "No"]


def test_the_page_names_no_market_by_itself():
    make_unmapped(1, market_name=HOSTILE)
    page = sign_in("trader").get(reverse("admin:mappings_focus"), {"search": HOSTILE, "id": "1"})
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


@pytest.mark.parametrize(
    ("decision", "more", "tab"),
    [
        ("acknowledge", {}, "ACKNOWLEDGED"),
        ("ignore", {"until": "forever"}, "IGNORED"),
        ("ignore", {"until": "events"}, "IGNORED"),
        ("ignore", {"until": "days:30"}, "IGNORED"),
        ("snooze", {"until": "hours:1"}, "SNOOZED"),
        ("snooze", {"until": "tomorrow"}, "SNOOZED"),
    ],
)
def test_each_key_decides_and_undo_takes_it_back(decision, more, tab):
    row = make_unmapped(1)
    client = sign_in("trader")
    answer = decide(client, row, decision, **more)
    assert answer.status_code == 200, answer.content
    row.refresh_from_db()
    assert row.tab == tab
    undone = post(client, "undo", {}).json()
    row.refresh_from_db()
    assert (row.tab, undone["ids"]) == ("NEW", [row.pk])
    assert row.market_name in undone["words"] and "s ago" in undone["words"]


def test_accepting_maps_the_row_and_its_strong_siblings_in_one_batch():
    row, sibling, doubtful = (make_unmapped(number, sample_outcomes=YES_OR_NO) for number in (1, 2, 3))
    suggestion = suggested(row)
    suggested(sibling)
    texts = {"yes": "Yes", "no": "No"}
    answer = decide(
        sign_in("trader"), row, "map", betpawaId=suggestion.betpawa_id, outcomeTexts=texts,
        also=[{"id": other.pk, "version": other.version} for other in (sibling, doubtful)], reason="Names agree",
    )  # fmt: skip
    assert answer.status_code == 200, answer.content
    assert [left["id"] for left in answer.json()["left"]] == [doubtful.pk]
    assert set(UnmappedMarketLog.objects.filter(status="MAPPED").values_list("pk", flat=True)) == {row.pk, sibling.pk}
    assert DecisionBatch.objects.get().pk == answer.json()["batchId"]


def test_who_was_second_reads_who_was_first():
    row = make_unmapped(1)
    decide(sign_in("trader", "bob"), row, "ignore", until="forever")
    answer = post(sign_in("trader", "ada"), "decide", {"decision": "acknowledge", "id": row.pk, "version": 1})
    assert answer.status_code == 409
    assert "bob" in answer.json()["detail"]


@pytest.mark.parametrize("decision", ["acknowledge", "ignore", "map"])
def test_a_sibling_that_a_colleague_decided_meanwhile_is_left_as_it_is(decision):
    row, sibling, free = (make_unmapped(number, sample_outcomes=YES_OR_NO) for number in (1, 2, 3))
    for each in (row, sibling, free):
        suggestion = suggested(each)
    decide(sign_in("trader", "bob"), sibling, "snooze", until="days:3")
    answer = decide(
        sign_in("trader", "ada"), row, decision, betpawaId=suggestion.betpawa_id, reason="Names agree",
        outcomeTexts={"yes": "Yes", "no": "No"}, also=[{"id": each.pk, "version": 1} for each in (sibling, free)],
    )  # fmt: skip
    assert answer.status_code == 200, answer.content
    (left,) = answer.json()["left"]
    assert left["id"] == sibling.pk and "bob" in left["detail"]
    sibling.refresh_from_db()
    free.refresh_from_db()
    assert (sibling.tab, sibling.decided_by, free.decided_by) == ("SNOOZED", "bob", "ada")
    assert "1 of 2 siblings too" in answer.json()["words"]


def test_an_undo_that_is_refused_says_why_and_names_the_one_before_it():
    first, second = make_unmapped(1), make_unmapped(2)
    ada, bob = sign_in("trader", "ada"), sign_in("trader", "bob")
    decide(ada, first, "acknowledge")
    decide(ada, second, "acknowledge")
    decide(bob, second, "ignore", until="forever")
    answer = post(ada, "undo", {})
    said, older = answer.json(), DecisionBatch.objects.filter(actor="ada").last()
    assert answer.status_code == 409 and "bob" in said["detail"]
    assert said["batchUrl"].endswith(f"/batch/{older.pk + 1}/?undo=1")
    assert said["older"]["id"] == older.pk and "Corner range 1" in said["older"]["words"]
    assert post(ada, "undo", {"batchId": older.pk}).status_code == 200
    first.refresh_from_db()
    assert first.tab == "NEW"


def test_betpawas_rules_text_comes_with_the_suggestion_where_a_kept_event_has_it():
    row = make_unmapped(1, sample_outcomes=YES_OR_NO, rules_text="Both teams score. Extra time counts.")
    suggestion = suggested(row)
    texts = {"Yes": "1.8", "No": "1.9"}
    ours = structs.replace(market(suggestion.betpawa_id, texts), rules_text="Both teams score in normal time.")
    keep_fixture(1, betpawa=[ours], sportybet=[market(row.external_market_id, texts)])
    (item,) = sign_in("viewer").get(reverse("admin:mappings_focus_items"), {"ids": row.pk}).json()["items"]
    assert item["candidates"][0]["rulesText"] == "Both teams score in normal time."


def test_an_undo_of_several_counts_them_and_names_none():
    row, sibling = make_unmapped(1), make_unmapped(2)
    client = sign_in("trader")
    answer = decide(client, row, "acknowledge", also=[{"id": sibling.pk, "version": 1}])
    assert answer.json()["words"].endswith("1 of 1 sibling too.")
    assert "2 changes" in post(client, "undo", {}).json()["words"]


def test_who_maps_second_reads_who_was_first():
    row = make_unmapped(1, sample_outcomes=YES_OR_NO)
    suggestion = suggested(row)
    decide(sign_in("trader", "bob"), row, "ignore", until="forever")
    body = {"decision": "map", "id": row.pk, "version": 1, "reason": "Names agree"}
    body |= {"betpawaId": suggestion.betpawa_id, "outcomeTexts": {"yes": "Yes", "no": "No"}}
    answer = post(sign_in("trader", "ada"), "decide", body)
    assert (answer.status_code, answer.json()["problem"]) == (409, "stale") and "bob" in answer.json()["detail"]
    assert not UserMarketMapping.objects.exists()


def test_a_suggestion_that_is_gone_is_not_accepted():
    row = make_unmapped(1)
    answer = decide(sign_in("trader"), row, "map", betpawaId="12345", outcomeTexts={})
    assert answer.status_code == 400
    assert "replaced meanwhile" in answer.json()["detail"]
    assert not UserMarketMapping.objects.exists()


def test_what_would_not_map_is_refused_with_the_reason():
    row = make_unmapped(1)
    suggested(row)
    MarketSuggestion.objects.update(canonical_id="", betpawa_id="999777", pairing=[])
    answer = decide(sign_in("trader"), row, "map", betpawaId="999777", outcomeTexts={}, reason="x")
    assert answer.status_code == 400
    assert "No outcome is paired" in answer.json()["detail"]


def test_a_rejected_suggestion_is_gone_and_comes_back_with_undo():
    row = make_unmapped(1)
    suggestion = suggested(row)
    client = sign_in("trader")
    assert decide(client, row, "reject", betpawaId=suggestion.betpawa_id).status_code == 200
    assert not row.suggestions.exists()
    assert post(client, "undo", {}).status_code == 200


def test_a_preview_writes_nothing():
    row = make_unmapped(1)
    suggestion = suggested(row)
    body = {"id": row.pk, "betpawaId": suggestion.betpawa_id, "outcomeTexts": {"yes": "Yes", "no": "No"}}
    answer = post(sign_in("viewer"), "preview", body)
    assert answer.status_code == 200
    assert {"conflicts", "impact", "canSave"} <= set(answer.json())
    assert not UserMarketMapping.objects.exists()


@pytest.mark.parametrize("name", ["decide", "undo"])
def test_a_viewer_decides_nothing(name):
    row = make_unmapped(1)
    assert post(sign_in("viewer"), name, {"id": row.pk, "decision": "acknowledge"}).status_code == 403
    row.refresh_from_db()
    assert row.status == "NEW"


@pytest.mark.parametrize(
    "body",
    [
        "no json", "[]", "{}", "[" * 50_000, '{"id": true}', '{"id": "1"}', '{"id": -1}', '{"id": 1, "version": "x"}',
        '{"id": ROW, "decision": ["map"]}', '{"id": ROW, "decision": "claim", "reason": {}}',
        '{"id": ROW, "decision": "acknowledge", "reason": "\\ud800"}', '{"id": ROW, "decision": "ignore", "also": [1]}',
        '{"id": ROW, "decision": "reject", "betpawaId": "\\u0000"}',
        '{"id": ROW, "decision": "reject", "betpawaId": {}}',
        '{"id": ROW, "decision": "map", "betpawaId": "\\ud800", "outcomeTexts": {}}',
    ],
)  # fmt: skip
def test_nonsense_is_a_clear_refusal(body):
    client, body = sign_in("trader"), body.replace("ROW", str(make_unmapped(1).pk))
    answer = client.post(reverse("admin:mappings_focus_decide"), body, content_type="application/json")
    assert (answer.status_code, answer.json()["problem"]) == (400, "invalid")


@pytest.mark.parametrize("until", ["", "days:x", "weeks:1", "days:9999", None])
def test_a_snooze_needs_a_time(until):
    assert decide(sign_in("trader"), make_unmapped(1), "snooze", until=until).status_code == 400


def test_nothing_of_mine_to_undo_is_said_in_words():
    answer = post(sign_in("trader"), "undo", {})
    assert (answer.status_code, answer.json()["problem"]) == (409, "nothing")


def test_what_a_colleague_saves_in_the_mapping_between_the_look_and_the_decision_is_told(monkeypatch):
    row = make_unmapped(sample_outcomes=YES_OR_NO)
    suggestion = suggested(row)
    preview, texts = admin_focus.preview_mapping, {"yes": "Yes", "no": "No"}

    def saved_meanwhile(**asked):
        services.update_mapping(canonical_id="btts_ft", changes={"priority": 7}, user="bob")
        return preview(**asked)

    monkeypatch.setattr(admin_focus, "preview_mapping", saved_meanwhile)
    answer = decide(sign_in("trader"), row, "map", betpawaId=suggestion.betpawa_id, outcomeTexts=texts, reason="Same")
    assert answer.status_code == 409 and "bob, " in answer.json()["detail"]
    row.refresh_from_db()
    assert row.status == "NEW"


def test_before_the_key_is_pressed_it_is_known_whether_a_suggestion_saves_asks_or_would_be_refused():
    client = sign_in("viewer")
    texts = {"yes": "Yes", "no": "No"}

    def check(**fields):
        row = make_unmapped(UnmappedMarketLog.objects.count(), market_name="Both Teams To Score", **fields)
        body = {"id": row.pk, "betpawaId": suggested(row).betpawa_id, "outcomeTexts": texts}
        return post(client, "preview", body).json()["check"]

    by_score = [{**outcome, "specifier": "score=0:0"} for outcome in YES_OR_NO]
    assert check(sample_outcomes=YES_OR_NO) == {"canSave": True, "needsReason": False, "why": ""}
    wide = check(sample_outcomes=YES_OR_NO, event_count=900)
    assert wide == {"canSave": True, "needsReason": True, "why": "It concerns 900 events."}
    refused = check(sample_outcomes=by_score)
    assert not refused["canSave"] and refused["why"].startswith("SportyBet sends it with score=0:0, which BetPawa")
    MarketSuggestion.objects.all().delete()
    gone = post(client, "preview", {"id": UnmappedMarketLog.objects.first().pk, "betpawaId": "1", "outcomeTexts": {}})
    assert gone.status_code == 400 and not gone.json()["check"]["canSave"]


def test_an_item_names_its_siblings_the_keys_mapped_there_and_outcomes_without_a_pair():
    row = make_unmapped(1, sample_outcomes=YES_OR_NO, sibling_key="btts")
    sibling = make_unmapped(2, sibling_key="btts")
    suggested(row)
    offered = [market(row.external_market_id, {"Yes": "1.8", "No": "1.9", "Neither": "9"})]
    keep_fixture(1, betpawa=[], sportybet=offered)
    (item,) = sign_in("viewer").get(reverse("admin:mappings_focus_items"), {"ids": row.pk}).json()["items"]
    (named,) = item["siblings"]
    assert (named["name"], named["key"]) == ("Corner range 2", sibling.external_market_id)
    assert item["candidates"][0]["servedKeys"] == list(
        mapping_cache.snapshot.by_canonical_id["btts_ft"].keys["sportybet"]
    )
    assert (item["outcomeCount"], item["candidates"][0]["unpaired"]) == (3, ["Neither"])
    assert [one["rival"] for one in item["ownPrices"][0]["rows"]] == ["1.8", "1.9", "9"]


def test_the_number_that_waits_comes_with_each_decision_and_its_undo():
    row, client = make_unmapped(1), sign_in("trader")
    make_unmapped(2)
    assert decide(client, row, "acknowledge").json()["waiting"] == "1"
    assert post(client, "undo", {}).json()["waiting"] == "2"
