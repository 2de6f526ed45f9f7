"""The queue of unmapped markets in the admin: what its pages show."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mappings.catalogue.loader import built_in
from mappings.models import DecisionBatch, MarketSuggestion, UnmappedMarketLog, UserMarketMapping
from tests.admin_rows import ESCAPED, HOSTILE, make_event, make_odds, make_run, make_unmapped, sign_in
from tests.queue_pages import QUEUE, decide, names

pytestmark = pytest.mark.django_db

MAP = QUEUE + "map/"


def test_a_viewer_sees_the_queue_and_no_decision():
    make_unmapped()
    page = sign_in("viewer").get(QUEUE)
    assert b"Corner range 1" in page.content
    assert b'name="decision"' not in page.content
    assert b'name="decision"' in sign_in("trader").get(QUEUE).content


def test_a_viewer_reads_of_siblings_and_gets_no_button_that_selects_them():
    make_unmapped(1, sibling_key="goals", priority=9)
    make_unmapped(2, sibling_key="goals")
    page = sign_in("viewer").get(QUEUE).content.decode()
    assert "1 sibling below" in page and "data-siblings=" not in page
    assert "data-siblings=" in sign_in("trader").get(QUEUE).content.decode()


def test_tabs_hold_what_was_decided_and_say_how_many():
    make_unmapped(1)
    make_unmapped(2, status="ACKNOWLEDGED")
    make_unmapped(3, status="IGNORED")
    make_unmapped(4, snoozed_until=timezone.now() + timedelta(hours=1))
    client = sign_in("trader")
    decide(client, "claim", [make_unmapped(5)])
    shown = {
        tab: names(client.get(QUEUE, {"tab": tab})) for tab in ("NEW", "MINE", "ACKNOWLEDGED", "SNOOZED", "IGNORED")
    }
    assert shown == {
        "NEW": ["Corner range 5", "Corner range 1"], "MINE": ["Corner range 5"], "ACKNOWLEDGED": ["Corner range 2"],
        "SNOOZED": ["Corner range 4"], "IGNORED": ["Corner range 3"],
    }  # fmt: skip
    counts = {tab["tab"]: tab["count"] for tab in client.get(QUEUE).context["tabs"]}
    assert counts == {"NEW": 2, "MINE": 1, "ACKNOWLEDGED": 1, "SNOOZED": 1, "REVIEW": 0, "IGNORED": 1, "MAPPED": 0}


def test_addresses_from_before_the_tabs_lead_to_the_same_rows():
    make_unmapped(1)
    make_unmapped(2, status="IGNORED")
    answer = sign_in("viewer").get(QUEUE + "?status__exact=IGNORED&source=sportybet&q=corner", follow=True)
    assert names(answer) == ["Corner range 2"]
    assert answer.context["asked"].search == "corner" and answer.context["asked"].source == "sportybet"


def test_filters_narrow_and_nonsense_is_left_out():
    make_unmapped(1, family="over_under", event_count=9)
    make_unmapped(2, source="bet9ja", family="odd_even")
    client = sign_in("viewer")
    assert names(client.get(QUEUE, {"family": "over_under"})) == ["Corner range 1"]
    assert names(client.get(QUEUE, {"min_events": "5"})) == ["Corner range 1"]
    assert names(client.get(QUEUE, {"search": "range 2"})) == ["Corner range 2"]
    answer = client.get(QUEUE, {"min_events": "many", "source": "bet9ja"}, follow=True)
    assert names(answer) == ["Corner range 2"]
    assert answer.context["fields"][1]["choices"] == [("odd_even", "odd/even"), ("over_under", "over/under")]


def test_the_pages_hold_every_row_once_in_order_of_priority_and_back():
    for number in range(120):
        make_unmapped(number, priority=[5, 5, 0.25, 0][number % 4])
    client = sign_in("viewer")
    page, seen, pages = client.get(QUEUE), [], []
    while True:
        seen += names(page)
        pages.append(names(page))
        if not page.context["listed"].next_cursor:
            break
        page = client.get(QUEUE, {"after": page.context["listed"].next_cursor})
    assert len(seen) == len(set(seen)) == 120
    assert [len(names) for names in pages] == [50, 50, 20]
    rows = UnmappedMarketLog.objects.order_by("-priority", "-id").values_list("market_name", flat=True)
    assert seen == list(rows)
    assert (page.context["listed"].first, page.context["listed"].last) == (100, 120)
    back = client.get(QUEUE, {"before": page.context["listed"].previous_cursor})
    assert names(back) == pages[1] and back.context["listed"].first == 50


def test_siblings_stand_together_and_are_chosen_together_over_pages():
    for number in range(60):
        make_unmapped(number, priority=100 - number)
    first = make_unmapped(60, priority=99.5, sibling_key="goals")
    second = make_unmapped(61, priority=60, sibling_key="goals")
    far = make_unmapped(62, priority=1, sibling_key="goals")
    make_unmapped(63, sibling_key="goals", status="IGNORED")
    client = sign_in("trader")
    page = client.get(QUEUE)
    assert names(page)[1:3] == ["Corner range 60", "Corner range 61"]
    line = page.context["lines"][1]
    assert line.siblings_text == "2 siblings: 1 below, 1 elsewhere"
    assert page.context["lines"][2].leader == "Corner range 60" and not page.context["lines"][2].siblings_text
    answer = client.get(QUEUE + "siblings/", {"id": first.pk, "tab": "NEW"})
    assert answer.json() == {
        "ids": [first.pk, second.pk, far.pk],
        "versions": {str(row.pk): 1 for row in (first, second, far)},
    }


def test_a_decision_with_a_reason_for_each_market_costs_its_page_one_query_for_all(django_assert_max_num_queries):
    rows = [make_unmapped(number) for number in range(40)]
    left = [{"outcome": "refused", "detail": f"Reason {row.pk}", "ids": [row.pk]} for row in rows]
    batch = DecisionBatch.objects.create(kind="map", actor="ada", item_count=1, summary={"left": left})
    client = sign_in("trader")
    with django_assert_max_num_queries(15):
        page = client.get(f"{QUEUE}batch/{batch.pk}/")
    assert [group["count"] for group in page.context["left"]] == [1] * 20
    assert b"20 more reasons" in page.content and rows[0].market_name.encode() in page.content


def test_a_batch_lists_each_market_and_exports_them_all():
    rows = [make_unmapped(1, market_name="=SUM(A1)"), make_unmapped(2, status="MAPPED")]
    client = sign_in("trader")
    decide(client, "acknowledge", rows)
    batch = DecisionBatch.objects.get()
    lines = b"".join(client.get(f"{QUEUE}batch/{batch.pk}/items.csv")).decode().splitlines()
    assert lines[1].startswith(f"{rows[0].pk},sportybet,9003001,'=SUM(A1),changed,status New → Acknowledged,a-trader")
    assert lines[2].startswith(f"{rows[1].pk},sportybet,9003002,Corner range 2,refused,It is mapped")


def test_one_markets_page_tells_its_history_and_offers_its_undo():
    row = make_unmapped(sibling_key="k", priority_parts={"demand": 3.5, "solvability": 0.25})
    make_unmapped(2, sibling_key="k")
    client = sign_in("trader")
    decide(client, "ignore", [row], until="family", reason="not ours")  # refused: its family is not known
    decide(client, "ignore", [row], until="days:30", reason="not ours")
    page = client.get(f"{QUEUE}{row.pk}/change/")
    assert [sibling.external_market_id for sibling in page.context["siblings"]] == ["9003002"]
    (entry,) = page.context["history"]
    assert entry[0].created_by == "a-trader" and entry[4] is True
    assert b"Chance that BetPawa has it" in page.content and b"until " in page.content


def test_a_market_that_is_known_and_that_betpawa_does_not_offer_says_so_and_offers_the_plain_decision():
    known = next(one for one in built_in() if one.keys.get("sportybet") and not one.betpawa_id)
    row = make_unmapped(1, external_market_id=known.keys["sportybet"][0], error_code="UNSUPPORTED_PLATFORM",
                        family="over_under")  # fmt: skip
    client = sign_in("trader")
    (line,) = client.get(QUEUE).context["lines"]
    assert line.why == f"known as {known.name}; BetPawa does not offer it"
    page = client.get(f"{QUEUE}{row.pk}/change/")
    assert page.context["known_as"] == known.name
    text = " ".join(page.content.decode().split())
    assert "Ignore until BetPawa offers the family" in text and ">UNSUPPORTED_PLATFORM<" not in text
    decide(client, "ignore", [row], until="family")
    row.refresh_from_db()
    assert row.ignore_until["kind"] == "betpawa_family"


def test_a_markets_page_says_in_words_what_speaks_against_a_pair_of_outcomes():
    row = make_unmapped()
    pairing = [
        {"canonicalId": flag, "betpawaName": "Over", "text": "Over", "flag": flag} for flag in ("swapped", "missing")
    ]
    MarketSuggestion.objects.create(
        unmapped=row, rank=1, betpawa_id="7", name="Both", confidence=0.9, band="weak", score=1, pairing=pairing
    )
    page = sign_in("viewer").get(f"{QUEUE}{row.pk}/change/").content.decode()
    assert "(prices say: swapped)" in page and "(no text of the bookmaker)" in page


def test_a_suggestion_that_is_not_strong_says_what_it_lacks():
    row = make_unmapped(1)
    for rank, band, reasons in ((1, "strong", []), (2, "likely", [{"family": "fed", "points": -1.5, "text": "x"}])):
        MarketSuggestion.objects.create(unmapped=row, rank=rank, betpawa_id=str(rank), name="Both", confidence=0.99,
                                        band=band, score=1, reasons=reasons, pairing=[])  # fmt: skip
    found = sign_in("trader").get(f"{QUEUE}{row.pk}/change/").context["suggestions"]
    assert [missing for *_, missing in found] == [
        "",
        "Missing for strong: another suggestion stands before it; mapped already speaks against it; "
        "no prices of the same events to compare.",
    ]


def test_the_count_above_the_list_is_of_the_filter():
    for number in range(3):
        make_unmapped(number, best_band="strong" if number else "")
    client = sign_in("trader")
    assert b"<b>2</b> markets" in client.get(QUEUE, {"band": "strong"}).content
    assert names(client.get(QUEUE, {"band": "none"})) == ["Corner range 0"]
    told = "2026-11-21T16:00:00Z"
    UnmappedMarketLog.objects.filter(best_band="").update(alerted_at=told)
    page = client.get(QUEUE, {"announced": told})
    assert names(page) == ["Corner range 0"] and b"Announced Sat 21 Nov 2026, 17:00 WAT" in page.content


def test_a_reopened_market_shows_the_decision_before():
    row = make_unmapped()
    client = sign_in("trader")
    decide(client, "ignore", [row], until="forever", reason="props")
    decide(client, "reopen", [row])
    page = client.get(QUEUE).content.decode()
    assert "Reopened" in page and "Before: ignored by a-trader" in page


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
