"""The queue of unmapped markets in the admin: what is shown, decided and refused."""

import pytest

from mappings.models import MappingAuditLog, UnmappedMarketLog, UserMarketMapping
from mappings.services import create_mapping
from tests.admin_rows import ESCAPED, HOSTILE, make_event, make_odds, make_run, make_unmapped, sign_in

pytestmark = pytest.mark.django_db

QUEUE = "/admin/mappings/unmappedmarketlog/"
MAP = QUEUE + "map/"


def said(answer):
    return " ".join(str(message) for message in answer.context["messages"])


def statuses():
    return dict(UnmappedMarketLog.objects.values_list("external_market_id", "status"))


def test_a_viewer_sees_the_queue_and_no_action():
    make_unmapped()
    page = sign_in("viewer").get(QUEUE)
    assert b"Corner range 1" in page.content
    assert b'name="action"' not in page.content
    assert b'name="action"' in sign_in("trader").get(QUEUE).content


@pytest.mark.parametrize("action", ["acknowledge", "ignore", "map_rows", "reopen", "delete_selected", "nonsense"])
def test_a_viewers_forged_bulk_action_is_refused_and_changes_nothing(action):
    row = make_unmapped()
    answer = sign_in("viewer").post(QUEUE, {"action": action, "_selected_action": [row.pk]})
    assert answer.status_code == 403
    assert statuses() == {row.external_market_id: "NEW"}


@pytest.mark.parametrize("address", ["decide/", "map/"])
def test_a_viewer_cannot_post_to_the_pages_behind_the_actions(address):
    row = make_unmapped()
    sent = {"decision": "ignore", "ids": [row.pk], "target": "over_under_ft"}
    assert sign_in("viewer").post(QUEUE + address, sent).status_code == 403
    assert statuses() == {row.external_market_id: "NEW"}


def test_a_trader_acknowledges_many_and_reads_what_became_of_each():
    rows = [
        make_unmapped(1),
        make_unmapped(2),
        make_unmapped(3, status="ACKNOWLEDGED"),
        make_unmapped(4, status="MAPPED"),
    ]
    sent = {"action": "acknowledge", "_selected_action": [row.pk for row in rows]}
    answer = sign_in("trader").post(QUEUE, sent, follow=True)
    assert "2 acknowledged" in said(answer)
    assert "1 were acknowledged already" in said(answer)
    assert "1 left alone: they are mapped" in said(answer)
    assert set(statuses().values()) == {"ACKNOWLEDGED", "MAPPED"}
    assert UnmappedMarketLog.objects.get(pk=rows[0].pk).decided_by == "a-trader"


def test_select_all_pages_decides_rows_beyond_the_page():
    for number in range(60):
        make_unmapped(number)
    first = UnmappedMarketLog.objects.first()
    sent = {"action": "acknowledge", "_selected_action": [first.pk], "select_across": "1"}
    answer = sign_in("trader").post(QUEUE, sent, follow=True)
    assert "60 acknowledged" in said(answer)


def test_ignoring_asks_for_a_note_and_keeps_it():
    client = sign_in("trader")
    rows = [make_unmapped(1), make_unmapped(2)]
    page = client.post(QUEUE, {"action": "ignore", "_selected_action": [row.pk for row in rows]})
    assert page.status_code == 200 and b'name="note"' in page.content
    assert set(statuses().values()) == {"NEW"}
    sent = {"decision": "ignore", "ids": [row.pk for row in rows], "note": "player props", "next": QUEUE}
    answer = client.post(QUEUE + "decide/", sent, follow=True)
    assert "2 ignored" in said(answer)
    assert {row.notes for row in UnmappedMarketLog.objects.all()} == {"player props"}


def test_the_second_of_two_traders_reads_who_was_first():
    row = make_unmapped()
    sent = {"ids": [row.pk], f"version:{row.pk}": row.version, "next": QUEUE}
    sign_in("trader", "ada").post(QUEUE + "decide/", {**sent, "decision": "acknowledge"})
    answer = sign_in("trader", "bayo").post(QUEUE + "decide/", {**sent, "decision": "ignore"}, follow=True)
    assert "somebody was first (ada" in said(answer)
    assert statuses() == {row.external_market_id: "ACKNOWLEDGED"}


def test_after_a_decision_one_is_not_sent_to_another_site():
    row = make_unmapped()
    sent = {"decision": "acknowledge", "ids": [row.pk], "next": "https://evil.example/"}
    assert sign_in("trader").post(QUEUE + "decide/", sent)["Location"].startswith(QUEUE)


def test_mapping_a_market_makes_the_mapping_the_status_and_the_audit_row():
    row = make_unmapped()
    client = sign_in("trader")
    target = {"ids": str(row.pk), "target": "over_under_ft"}
    assert client.get(MAP, target).status_code == 200
    texts = {"text:sportybet:over": "Over", "text:sportybet:under": "Under"}
    sent = {**target, **texts, "reason": "same rules", f"version:{row.pk}": row.version}
    answer = client.post(MAP, sent, follow=True)
    assert "1 mapped to" in said(answer)
    row.refresh_from_db()
    mapping = UserMarketMapping.objects.get(canonical_id="over_under_ft")
    assert row.status == "MAPPED" and row.mapped_to == mapping
    assert {"bookmaker": "sportybet", "key": row.external_market_id} in mapping.extra_source_keys
    audit = MappingAuditLog.objects.get(canonical_id="over_under_ft")
    assert (audit.action, audit.created_by, audit.reason) == ("CREATE", "a-trader", "same rules")


def test_markets_of_two_bookmakers_are_mapped_together_or_not_at_all():
    rows = [make_unmapped(1), make_unmapped(2, source="bet9ja", external_market_id="S_CRN")]
    sent = {
        "ids": ",".join(str(row.pk) for row in rows),
        "target": "over_under_ft",
        "text:bet9ja:over": "U",  # stands for "under" already, so this one is refused
    }
    answer = sign_in("trader").post(MAP, sent)
    assert answer.status_code == 200 and b"Nothing was saved" in answer.content
    assert set(statuses().values()) == {"NEW"}
    assert not UserMarketMapping.objects.exists()


def test_a_market_that_no_mapping_knows_becomes_a_new_one():
    row = make_unmapped(sample_outcomes=[{"text": "Yes", "key": "Yes", "price": "2"}])
    client = sign_in("trader")
    assert b"A new market" in client.get(MAP, {"ids": row.pk, "new": "1"}).content
    sent = {
        "ids": row.pk, "new": "1", "name": "Penalty awarded", "canonical_id": "penalty_awarded", "kind": "simple",
        "betpawa_id": "777", "new_name:0": "Yes", "new_text:0": "Yes", "new_name:1": "No", "new_text:1": "No",
    }  # fmt: skip
    assert "1 mapped to Penalty awarded" in said(client.post(MAP, sent, follow=True))
    mapping = UserMarketMapping.objects.get()
    assert mapping.betpawa_id == "777" and mapping.sportybet_id == row.external_market_id
    assert [outcome["sportybet_desc"] for outcome in mapping.outcome_mapping] == ["Yes", "No"]


def test_a_market_that_betpawa_does_not_have_is_refused_because_its_row_would_come_back():
    row = make_unmapped()
    values = {"name": "Theirs", "outcome_mapping": [{"canonical_id": "yes"}], "bet9ja_key": "S_Q"}
    create_mapping(canonical_id="theirs", values=values, user="ada")
    answer = sign_in("trader").post(MAP, {"ids": row.pk, "target": "theirs", "text:sportybet:yes": "Yes"})
    assert answer.status_code == 200 and b"BetPawa has no such market" in answer.content
    assert statuses() == {row.external_market_id: "NEW"}


def test_the_pairing_is_filled_by_text_and_left_empty_where_nothing_fits():
    row = make_unmapped(
        source="bet9ja",
        external_market_id="S_XYZ",
        sample_outcomes=[{"text": "GG", "key": "GG", "price": "1.9"}, {"text": "Maybe", "key": "M", "price": "9"}],
    )
    outcomes = [{"canonical_id": name.lower(), "betpawa_name": name} for name in ("Yes", "No")]
    values = {"name": "Penalty", "betpawa_id": "777", "outcome_mapping": outcomes}
    create_mapping(canonical_id="penalty", values=values, user="ada")
    page = sign_in("trader").get(MAP, {"ids": row.pk, "target": "penalty"}).content.decode()
    assert 'value="GG" maxlength="100" list="texts-bet9ja" aria-label="Yes"' in page
    assert 'value="" maxlength="100" list="texts-bet9ja" aria-label="No"' in page


def test_hostile_text_is_escaped_on_every_page_that_shows_it():
    row = make_unmapped(
        market_name=HOSTILE,
        rules_text=HOSTILE,
        notes=HOSTILE,
        reopened_reason=HOSTILE,
        sample_outcomes=[{"text": HOSTILE, "key": HOSTILE, "price": HOSTILE}],
    )
    event = make_event(home_team=HOSTILE, away_team=HOSTILE, tournament=HOSTILE)
    make_odds(event, betpawa_market_name=HOSTILE, market_groups=[HOSTILE],
              outcomes=[{"name": HOSTILE, "odds": "2.1", "is_active": True}])  # fmt: skip
    run = make_run(summary=HOSTILE)
    UserMarketMapping.objects.create(canonical_id="m", name=HOSTILE, sportybet_id="1", created_by=HOSTILE)
    mapping = UserMarketMapping.objects.get()
    client = sign_in("trader")
    for address in (
        "/admin/", QUEUE, f"{QUEUE}{row.pk}/change/", f"{MAP}?ids={row.pk}", f"{MAP}?ids={row.pk}&target=over_under_ft",
        f"{MAP}?ids={row.pk}&new=1", f"{QUEUE}decide/?decision=ignore&ids={row.pk}", "/admin/odds/event/",
        f"/admin/odds/event/{event.pk}/change/", f"/admin/odds/event/{event.pk}/market/3743/",
        "/admin/odds/marketoddscurrent/", f"/admin/scraping/scraperun/{run.pk}/change/", "/admin/scraping/scraperun/",
        "/admin/freshness/", "/admin/mappings/usermarketmapping/",
        f"/admin/mappings/usermarketmapping/{mapping.pk}/change/",
        "/admin/mappings/mappingauditlog/",
    ):  # fmt: skip
        page = client.get(address).content.decode()
        assert "<script>alert" not in page, address
        assert ESCAPED in page or "\\u003Cscript" in page, address
        assert "49" not in page.split("{{7*7}}")[0][-5:], address
