"""Decisions in the queue's pages: one market or many, what is refused, who was first, and undo."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from mappings import accepting, bulk, services
from mappings.bulk import decide_many
from mappings.models import DecisionBatch, MarketSuggestion, UnmappedMarketLog
from tests.admin_rows import make_unmapped, sign_in
from tests.queue_pages import DECIDE, QUEUE, decide, said, statuses

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("decision", ["acknowledge", "ignore", "map", "reopen", "accept", "claim", "nonsense"])
def test_a_viewers_forged_decision_is_refused_and_changes_nothing(decision):
    row = make_unmapped()
    answer = decide(sign_in("viewer"), decision, [row], until="forever")
    assert answer.status_code == 403
    assert statuses() == {row.external_market_id: "NEW"}


@pytest.mark.parametrize("address", ["decide/", "map/", "undo/", "rules/add/"])
def test_a_viewer_cannot_post_to_the_pages_behind_the_list(address):
    row = make_unmapped()
    sent = {"decision": "ignore", "ids": [row.pk], "target": "over_under_ft"}
    assert sign_in("viewer").post(QUEUE + address, sent).status_code == 403
    assert statuses() == {row.external_market_id: "NEW"}


def test_what_a_colleague_decides_while_somebody_is_asked_until_when_is_left_as_it_is():
    row = make_unmapped(1)
    client = sign_in("trader", "ada")
    asked = client.post(DECIDE, {"decision": "ignore", "ids": f"{row.pk}:1"})
    services.snooze(ids=[row.pk], user="bob", until=timezone.now() + timedelta(days=1))
    sent = {"decision": "ignore", "ids": asked.context["ids"], "until": "forever", "next": QUEUE}
    assert "somebody was first" in said(client.post(DECIDE, sent, follow=True))
    row.refresh_from_db()
    assert (row.tab, row.decided_by) == ("SNOOZED", "bob")


def test_what_a_colleague_decides_while_all_that_match_are_decided_is_left_as_it_is(monkeypatch):
    row, other = make_unmapped(1), make_unmapped(2)

    def somebody_is_faster(*args, **more):
        services.snooze(ids=[row.pk], user="bob", until=timezone.now() + timedelta(days=1))
        return decide_many(*args, **more)

    monkeypatch.setattr("mappings.actions.decide_many", somebody_is_faster)
    sent = {"decision": "acknowledge", "scope": "filter", "filter": "tab=NEW", "newest": other.pk, "next": QUEUE}
    sign_in("trader", "ada").post(DECIDE, sent)
    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.tab, row.decided_by, other.decided_by) == ("SNOOZED", "bob", "ada")


def test_a_trader_acknowledges_many_and_reads_what_became_of_each():
    rows = [
        make_unmapped(1),
        make_unmapped(2),
        make_unmapped(3, status="ACKNOWLEDGED"),
        make_unmapped(4, status="MAPPED"),
    ]
    answer = decide(sign_in("trader"), "acknowledge", rows)
    assert "2 acknowledged, 1 so already, 1 refused" in said(answer)
    assert "Corner range 4: It is mapped" in said(answer)
    assert set(statuses().values()) == {"ACKNOWLEDGED", "MAPPED"}
    assert UnmappedMarketLog.objects.get(pk=rows[0].pk).decided_by == "a-trader"
    batch = DecisionBatch.objects.get()
    assert [(group["outcome"], group["ids"]) for group in batch.summary["left"]] == [
        ("unchanged", [rows[2].pk]), ("refused", [rows[3].pk]),
    ]  # fmt: skip


def test_a_decisions_page_says_what_became_of_the_others_as_the_list_says_it():
    rows = [make_unmapped(1), make_unmapped(2, status="ACKNOWLEDGED"), make_unmapped(3)]
    services.snooze(ids=[rows[2].pk], user="bob", until=timezone.now() + timedelta(days=1))
    client = sign_in("trader")
    sent = {"decision": "acknowledge", "ids": [f"{row.pk}:1" for row in rows], "next": QUEUE}
    told = said(client.post(DECIDE, sent, follow=True))
    page = client.get(f"{QUEUE}batch/{DecisionBatch.objects.get(actor='a-trader').pk}/").content.decode()
    for words in ("so already", "left alone, somebody was first"):
        assert f"1 {words}" in told and f"<dt>{words}</dt>" in page and f"<h2>1 {words}</h2>" in page


def test_all_that_match_are_counted_shown_and_then_decided_as_one_batch():
    for number in range(60):
        make_unmapped(number)
    other = make_unmapped(99, source="bet9ja")
    client = sign_in("trader")
    sent = {"decision": "acknowledge", "scope": "filter", "filter": "tab=NEW&source=sportybet", "next": QUEUE}
    page = client.post(DECIDE, sent)
    assert page.context["count"] == 60 and len(page.context["sample"]) == 8
    assert set(statuses().values()) == {"NEW"}
    late = make_unmapped(100)
    answer = client.post(DECIDE, {**sent, "newest": page.context["newest"]}, follow=True)
    assert answer.context["counts"] == {"changed": 60} and len(answer.context["changes"]) == 60
    assert DecisionBatch.objects.get().item_count == 60
    assert {statuses()[row.external_market_id] for row in (other, late)} == {"NEW"}


def test_more_than_one_batch_takes_is_refused_with_the_number_and_nothing_is_cut(monkeypatch):
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 10)
    for number in range(12):
        make_unmapped(number)
    sent = {"decision": "acknowledge", "scope": "filter", "filter": "tab=NEW", "newest": "999999999", "next": QUEUE}
    answer = sign_in("trader").post(DECIDE, sent, follow=True)
    assert "12 markets match; at most 10" in said(answer)
    assert set(statuses().values()) == {"NEW"}


def test_a_decision_in_chunks_is_one_batch_and_one_undo(monkeypatch):
    monkeypatch.setattr(bulk, "CHUNK", 4)
    rows = [make_unmapped(number) for number in range(10)]
    client = sign_in("trader")
    decide(client, "ignore", rows, until="forever")
    assert set(statuses().values()) == {"IGNORED"} and DecisionBatch.objects.get().item_count == 10
    answer = client.post(QUEUE + "undo/", {"next": QUEUE}, follow=True)
    assert "Undone: ignoring 10 changes, 0 s ago." in said(answer)
    assert set(statuses().values()) == {"NEW"}


def test_ignoring_asks_until_when_and_keeps_the_reason():
    client = sign_in("trader")
    rows = [make_unmapped(1, event_count=7), make_unmapped(2)]
    page = decide(client, "ignore", rows)
    assert page.status_code == 200 and b'name="reason"' in page.content and page.context["count"] == 2
    assert set(statuses().values()) == {"NEW"}
    answer = decide(client, "ignore", rows, until="events", reason="player props")
    assert said(answer) == "2 ignored until twice as many events carry it."
    assert {row.notes for row in UnmappedMarketLog.objects.all()} == {"player props"}
    assert UnmappedMarketLog.objects.get(pk=rows[0].pk).ignore_until == {"kind": "events", "from": 7, "atLeast": 14}


@pytest.mark.parametrize("until", ["hours:1", "tomorrow", "days:3", "days:7"])
def test_snoozed_until_what_was_chosen(until):
    row = make_unmapped()
    decide(sign_in("trader"), "snooze", [row], until=until)
    row.refresh_from_db()
    assert row.tab == "SNOOZED"
    if until == "tomorrow":
        local = timezone.localtime(row.snoozed_until)
        assert (local.date() - timezone.localdate()).days == 1 and (local.hour, local.minute) == (9, 0)


def test_snoozed_until_a_day_in_peoples_time():
    row = make_unmapped()
    answer = decide(sign_in("trader"), "snooze", [row], until="at", until_at="2036-05-06T18:30")
    row.refresh_from_db()
    assert row.snoozed_until == datetime(2036, 5, 6, 17, 30, tzinfo=UTC)
    assert said(answer) == "1 snoozed until Tue 6 May 2036, 18:30 WAT."
    answer = decide(sign_in("trader", "bayo"), "snooze", [row], until="at", until_at="soon")
    assert "A day and a time are needed" in said(answer)


def test_the_second_of_two_traders_reads_who_was_first():
    row = make_unmapped()
    sent = {"ids": [f"{row.pk}:{row.version}"], "next": QUEUE}
    sign_in("trader", "ada").post(DECIDE, {**sent, "decision": "acknowledge"})
    answer = sign_in("trader", "bayo").post(DECIDE, {**sent, "decision": "ignore", "until": "forever"}, follow=True)
    assert "1 left alone, somebody was first" in said(answer) and "ada" in said(answer)
    assert statuses() == {row.external_market_id: "ACKNOWLEDGED"}


def test_after_a_decision_one_is_not_sent_to_another_site():
    row = make_unmapped()
    sent = {"decision": "acknowledge", "ids": [row.pk], "next": "https://evil.example/"}
    assert sign_in("trader").post(DECIDE, sent)["Location"].startswith(QUEUE)


def test_an_undo_that_somebody_stands_in_the_way_of_says_who_and_offers_the_rest():
    rows = [make_unmapped(1), make_unmapped(2)]
    ada, bayo = sign_in("trader", "ada"), sign_in("trader", "bayo")
    decide(ada, "ignore", rows, until="forever")
    decide(bayo, "acknowledge", rows[:1])
    answer = ada.post(QUEUE + "undo/", {"next": QUEUE}, follow=True)
    assert [item.outcome for item in answer.context["standing"].items] == ["refused", "restored"]
    assert b"bayo" in answer.content and b"Undo the others" in answer.content
    assert answer.context["older"] is None
    batch = DecisionBatch.objects.get(kind="ignore")
    answer = ada.post(QUEUE + "undo/", {"batch": batch.pk, "partly": "1", "next": QUEUE}, follow=True)
    assert "Undone: ignoring 2 changes, 0 s ago; 1 as before, 1 left as they are." in said(answer)
    assert list(statuses().values()) == ["ACKNOWLEDGED", "NEW"]


def test_the_undo_key_goes_back_step_by_step_and_what_is_undone_is_done_again_by_its_button_only():
    rows = [make_unmapped(1), make_unmapped(2)]
    client = sign_in("trader")
    for row in rows:
        decided = decide(client, "acknowledge", [row])
    assert 'data-key-label="Undo this decision"' in decided.content.decode()
    undone = client.post(QUEUE + "undo/", {"next": QUEUE}, follow=True)
    page = undone.content.decode()
    offer = page.partition("data-undo-offer")[2].partition("</form>")[0]
    assert "Do it again" in offer and "data-key=" not in offer  # z stays with the next older decision
    again = client.post(QUEUE + "undo/", {"batch": undone.context["said"]["batch"], "next": QUEUE}, follow=True)
    assert "Undone: acknowledging Corner range 2, 0 s ago." in said(undone)
    assert list(statuses().values()) == ["ACKNOWLEDGED"] * 2
    assert "Done again: acknowledging Corner range 2, 0 s ago." in said(again)
    assert 'data-key-label="Undo this decision"' in again.content.decode()  # which is what z takes back now


@pytest.mark.parametrize(("role", "offered"), [("viewer", False), ("trader", False), ("lead", True)])
def test_a_colleagues_decision_offers_its_undo_only_to_a_lead(role, offered):
    rows = [make_unmapped(1), make_unmapped(2)]
    decide(sign_in("trader", "ada"), "ignore", rows, until="forever")
    decide(sign_in("trader", "bayo"), "acknowledge", rows[:1])
    batch = DecisionBatch.objects.get(kind="ignore")
    client = sign_in(role)
    for query in ("", "?undo=1"):
        text = client.get(f"{QUEUE}batch/{batch.pk}/{query}").content.decode()
        assert (f'name="batch" value="{batch.pk}"' in text) == offered and ("Undo all of it" in text) == offered
        assert ("What would an undo do?" in text) == (offered and not query)


def test_an_undo_that_is_refused_offers_the_decision_before_it():
    rows = [make_unmapped(1), make_unmapped(2), make_unmapped(3)]
    ada, bayo = sign_in("trader", "ada"), sign_in("trader", "bayo")
    decide(ada, "acknowledge", rows[2:])
    decide(ada, "ignore", rows[:1], until="forever")
    decide(bayo, "acknowledge", rows[:1])
    page = ada.post(QUEUE + "undo/", {"next": QUEUE}, follow=True)
    older, words = page.context["older"]
    assert older.kind == "acknowledge" and "acknowledging Corner range 3" in words
    assert b"Undo that one instead" in page.content
    ada.post(QUEUE + "undo/", {"batch": older.pk, "next": QUEUE})
    assert statuses()[rows[2].external_market_id] == "NEW"


def test_the_best_suggestion_is_accepted_only_where_it_is_strong():
    rows = [make_unmapped(1), make_unmapped(2), make_unmapped(3)]
    for row, band in zip(rows, ("strong", "likely"), strict=False):
        MarketSuggestion.objects.create(
            unmapped=row, rank=1, betpawa_id="777", name="Corners", confidence=0.99, band=band, score=1,
            pairing=[
                {"canonicalId": "over", "betpawaName": "Over", "text": "Over"},
                {"canonicalId": "under", "betpawaName": "Under", "text": "Under"},
            ],
        )  # fmt: skip
    answer = decide(sign_in("trader"), "accept", rows)
    assert "1 mapped to their best suggestion, 2 refused" in said(answer)
    assert sorted(statuses().values()) == ["MAPPED", "NEW", "NEW"]


def test_what_would_be_refused_is_said_before_accepting_and_by_name_afterwards():
    for number in range(12):
        row = make_unmapped(number, best_band="strong", best_name="Corners")
        pairing = [{"canonicalId": "over", "betpawaName": "Over", "text": "Over"}] if number < 10 else []
        MarketSuggestion.objects.create(
            unmapped=row, rank=1, betpawa_id=str(7000 + number), name=f"Corners {number}", confidence=0.99,
            band="strong", score=1, pairing=pairing,
        )  # fmt: skip
    client = sign_in("trader")
    sent = {"decision": "accept", "scope": "filter", "filter": "tab=NEW", "next": QUEUE}
    page = client.post(DECIDE, sent)
    foreseen = {row.pk: refusal for row, _, refusal in page.context["sample"]}
    assert len(foreseen) == 12 and sum(1 for refusal in foreseen.values() if refusal) == page.context["refused"] == 2
    answer = client.post(DECIDE, sent | {"newest": page.context["newest"]})
    done = client.get(answer.url)
    text = done.content.decode()
    assert "10 mapped to their best suggestion, 2 refused" in text and "queue-said desk-banner desk-warn" in text
    assert "Corner range 11, Corner range 10: No outcome is paired" in text  # in the list's order


def test_of_all_that_match_those_with_a_strong_suggestion_are_accepted_and_a_bound_is_told_before_asking(monkeypatch):
    for number in range(6):
        make_unmapped(number, best_band="strong" if number < 3 else "likely")
    client = sign_in("trader")
    sent = {"decision": "accept", "scope": "filter", "filter": "tab=NEW", "next": QUEUE}
    page = client.post(DECIDE, sent)
    assert (page.context["count"], page.context["matched"], page.context["others"]) == (3, 6, 3)
    monkeypatch.setattr(accepting, "MOST_AT_ONCE", 2)
    asked = client.post(DECIDE, sent)
    assert "2 at most are mapped now, by priority; 1 is left for the next go" in asked.content.decode()


def test_the_button_that_ignores_until_a_condition_keeps_its_capitals():
    make_unmapped()
    sent = {"decision": "ignore", "scope": "filter", "filter": "tab=NEW", "until": "family", "next": QUEUE}
    page = sign_in("trader").post(DECIDE, sent).content.decode()
    assert "Ignore until BetPawa offers the family: 1" in " ".join(page.split())
