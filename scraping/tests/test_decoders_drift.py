"""Answers that are not quite right: a bad market costs itself, a bad envelope says what to do."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraping.bookmakers import REGISTRY
from scraping.bookmakers.text import clean_text, sportradar_id
from scraping.exceptions import EventGone, FetchError, PayloadChanged

BETPAWA = {
    "id": "1",
    "startTime": "2026-05-06T11:00:00Z",
    "participants": [{"name": "Away FC", "position": 2}, {"name": "Home FC", "position": 1}],
    "widgets": [{"type": "GENIUSSPORTS", "id": "7"}, {"type": "SPORTRADAR", "id": "100"}],
    "competition": {"name": "League"},
    "region": {"name": "Nigeria"},
    "markets": [
        {
            "marketType": {"id": "3743", "name": "1X2", "tabs": ["all", "goals"], "handicapType": ""},
            "row": [
                {"handicap": None, "prices": [{"name": "1", "price": 2.4, "suspended": False}]},
                {"handicap": None, "prices": [{"name": "2", "price": 3.1, "suspended": True}]},
            ],
        },
        {
            "marketType": {"id": "5000", "name": "O/U", "tabs": [], "handicapType": "NORMAL"},
            "row": [
                {"handicap": 10, "prices": [{"name": "Over", "price": 1.9}]},
                {"handicap": 0, "prices": [{"name": "Over", "price": 1.1}]},
                {"handicap": 10, "prices": [{"name": "Under", "price": 1.8}]},
            ],
        },
    ],
}
SPORTYBET = {
    "bizCode": 10000,
    "message": "0#0",
    "data": {
        "eventId": "sr:match:100",
        "estimateStartTime": 1778065200000,
        "homeTeamName": "Home FC",
        "awayTeamName": "Away FC",
        "sport": {"category": {"name": "Nigeria", "tournament": {"name": "League"}}},
        "markets": [
            {"id": "1", "outcomes": [{"desc": "Home", "odds": "2.40", "isActive": 1}]},
            {"id": "18", "specifier": "total=2.5", "status": 0, "outcomes": [{"desc": "Over 2.5", "odds": "1.90"}]},
        ],
    },
}
BET9JA = {
    "R": "OK",
    "D": {
        "ID": 9,
        "EXTID": "100",
        "DS": "Home FC - Away FC",
        "STARTDATE": "2026-05-06 11:00:00",
        "GN": "League",
        "SG": "Nigeria",
        "O": {"S_1X2_1": "2.40", "S_1X2_2": "3.1", "S_OU@2.5_O": "1.9", "S_OU@2.5_U": "1"},
    },
}
ANSWERS = {"betpawa": BETPAWA, "sportybet": SPORTYBET, "bet9ja": BET9JA}
SLUGS = list(ANSWERS)


def decode(slug, change=None, raw=None):
    """The decoded event after change(answer), or of the text raw(text of the answer)."""
    answer = deepcopy(ANSWERS[slug])
    if change is not None:
        change(answer)
    text = json.dumps(answer)
    return REGISTRY[slug].decode_event((raw(text) if raw else text).encode("utf-8", "surrogatepass"))


def body(slug, answer):
    """The part of an answer that holds the event."""
    return answer if slug == "betpawa" else answer["data" if slug == "sportybet" else "D"]


def seen(event):
    return {
        (market.key, market.specifier): {o.text: (o.price, o.is_active) for o in market.outcomes}
        for market in event.markets
    }


def test_betpawa_rows_of_one_type_and_handicap_are_one_market_and_zero_is_a_line():
    event = decode("betpawa")
    assert seen(event) == {
        ("3743", ""): {"1": (2.4, True), "2": (3.1, False)},
        ("5000", "10"): {"Over": (1.9, True), "Under": (1.8, True)},
        ("5000", "0"): {"Over": (1.1, True)},
    }
    assert [market.line for market in event.markets] == [None, Decimal("2.5"), Decimal(0)]
    assert event.markets[0].groups == ("goals",)
    assert (event.home_team, event.sportradar_id) == ("Home FC", "100")


def test_a_betpawa_type_listed_twice_is_still_one_market():
    def repeat(answer):
        extra = {"marketType": {"id": "3743"}, "row": [{"prices": [{"name": "X", "price": 3.0}]}]}
        answer["markets"].append(extra)

    assert list(seen(decode("betpawa", repeat))["3743", ""]) == ["1", "2", "X"]


def test_sportybet_needs_id_and_outcomes_only_and_reads_both_flags():
    assert seen(decode("sportybet")) == {
        ("1", ""): {"Home": ("2.40", True)},
        ("18", "total=2.5"): {"Over 2.5": ("1.90", False)},
    }

    def close(answer):
        answer["data"]["markets"][0]["status"] = 1

    assert seen(decode("sportybet", close))["1", ""] == {"Home": ("2.40", False)}


def test_bet9ja_price_of_one_is_closed():
    assert seen(decode("bet9ja"))["S_OU", "2.5"] == {"O": ("1.9", True), "U": ("1", False)}


def test_keys_of_other_sports_and_live_are_ignored():
    def add(answer):
        answer["D"]["O"] |= {"B_12_1": "1.5", "LIVES_1X2_1": {"v": 2.5}}

    event = decode("bet9ja", add)
    assert event.complete and event.dropped == () and len(event.markets) == 2


# --- One bad market ---------------------------------------------------------------------------------
BROKEN_MARKETS = {
    "betpawa": [
        None,
        [],
        "x",
        {},
        {"marketType": {"id": "9"}, "row": None},
        {"marketType": {"id": "9"}, "row": {}},
        {"marketType": {"id": None}, "row": []},
        {"marketType": {"id": "9"}, "row": [{"handicap": "half", "prices": []}]},
        {"marketType": {"id": "9"}, "row": [{"handicap": 1e300, "prices": []}]},
        {"marketType": {"id": "9"}, "row": [{"prices": [{"name": "1", "price": None}]}]},
        {"marketType": {"id": "9"}, "row": [{"prices": [{"name": "1", "price": True}]}]},
        {"marketType": {"id": "9"}, "row": [{"prices": [{"price": 2.0}]}]},
    ],
    "sportybet": [
        None,
        [],
        {"id": "9"},
        {"outcomes": []},
        {"id": "9", "outcomes": None},
        {"id": "9", "outcomes": {"a": 1}},
        {"id": "9", "outcomes": [{"desc": "Home"}]},
        {"id": "9", "outcomes": [{"desc": "Home", "odds": None}]},
        {"id": "9", "outcomes": [{"desc": "Home", "odds": True}]},
        {"id": "9", "outcomes": [{"desc": "Home", "odds": [[2]]}]},
        {"id": "9", "specifier": 7, "outcomes": []},
        {"id": "9", "outcomes": [{"desc": "x", "odds": "2"}] * 1001},
    ],
    "bet9ja": [None, True, [], {"v": 2}],
}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_broken_market_costs_itself_only_and_leaves_a_sample(slug):
    good = seen(decode(slug))
    for broken in BROKEN_MARKETS[slug]:

        def add(answer, broken=broken):
            if slug == "bet9ja":
                answer["D"]["O"]["S_NEW_1"] = broken
            else:
                body(slug, answer)["markets"].insert(1, broken)

        event = decode(slug, add)
        assert seen(event) == good, broken
        [(where, reason, sample, _)] = event.dropped
        assert where and reason and len(sample) <= 2000


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_what_is_not_a_number_costs_its_own_market_only(number):
    def as_number(text):
        return text.replace("2.4,", f"{number},").replace('"2.40"', number)

    for slug in SLUGS:
        event = decode(slug, raw=as_number)
        good = seen(decode(slug))
        hit = {"betpawa": ("3743", ""), "sportybet": ("1", ""), "bet9ja": ("S_1X2", "")}[slug]
        found = seen(event)
        assert {key: value for key, value in found.items() if key != hit} == {
            key: value for key, value in good.items() if key != hit
        }
        # Either set aside here, or handed on as text that no mapper takes for a price.
        prices = [price for price, _ in found.get(hit, {}).values()]
        assert not any(isinstance(price, float) and price != price for price in prices)
        assert hit in found or len(event.dropped) == 1


@pytest.mark.parametrize("slug", SLUGS)
def test_numbers_as_text_and_text_as_numbers_are_tolerated(slug):
    good = seen(decode(slug))

    def drift(answer):
        if slug == "betpawa":
            answer["markets"][1]["row"][0]["handicap"] = "10"
            answer["markets"][0]["marketType"]["id"] = 3743
            answer["id"] = 1
        elif slug == "sportybet":
            answer["data"]["markets"][0]["id"] = 1
            answer["data"]["markets"][0]["specifier"] = None
            answer["data"]["estimateStartTime"] = "1778065200000"
            answer["bizCode"] = "10000"
        else:
            answer["D"]["ID"] = "9"
            answer["D"]["EXTID"] = 100

    event = decode(slug, drift)
    assert seen(event) == good and event.dropped == () and event.sportradar_id == "100"


@pytest.mark.parametrize("slug", SLUGS)
def test_more_markets_than_believable_are_cut_and_the_answer_is_not_whole(slug):
    def many(answer):
        if slug == "bet9ja":
            answer["D"]["O"] = {f"S_M{number}_1": "2" for number in range(5001)}
        else:
            market = body(slug, answer)["markets"][0]
            body(slug, answer)["markets"] = [market] * 5001
            if slug == "betpawa":
                body(slug, answer)["markets"] = [market | {"marketType": {"id": str(number)}} for number in range(5001)]

    event = decode(slug, many)
    assert len(event.markets) == 5000 and not event.complete
    assert [piece.reason for piece in event.dropped] == ["TOO_MANY_MARKETS"]


@pytest.mark.parametrize("slug", SLUGS)
def test_hostile_bytes_never_raise_anything_but_a_fetch_error(slug):
    deep = "[" * 100_000 + "]" * 100_000
    for text in ("", "null", "[]", "{", '{"x":' + deep + "}", deep, "\ufeff{}", '{"\ud800":1}', "nul", '"text"'):
        with pytest.raises(FetchError):
            REGISTRY[slug].decode_event(text.encode("utf-8", "surrogatepass"))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_value_anywhere_ends_in_an_event_or_a_fetch_error(value):
    for slug in SLUGS:
        for field in list(body(slug, ANSWERS[slug])):

            def put(answer, slug=slug, field=field):
                body(slug, answer)[field] = value

            try:
                decode(slug, put)
            except FetchError:
                continue


# --- Envelopes and headers --------------------------------------------------------------------------
@pytest.mark.parametrize("slug", SLUGS)
def test_a_missing_or_absurd_kick_off_is_an_error_never_now(slug):
    field = {"betpawa": "startTime", "sportybet": "estimateStartTime", "bet9ja": "STARTDATE"}[slug]
    for value in (None, "", 0, "soon", [], 10**30, "0001-01-01 00:00:00"):

        def change(answer, value=value):
            body(slug, answer)[field] = value

        with pytest.raises(PayloadChanged) as caught:
            decode(slug, change)
        assert caught.value.code == "KICKOFF_MISSING"

    def remove(answer):
        del body(slug, answer)[field]

    with pytest.raises(PayloadChanged):
        decode(slug, remove)


@pytest.mark.parametrize("slug", SLUGS)
def test_times_are_utc(slug):
    assert decode(slug).kickoff_at == datetime(2026, 5, 6, 11, tzinfo=UTC)


@pytest.mark.parametrize("slug", SLUGS)
def test_markets_missing_is_drift_and_no_markets_is_an_answer(slug):
    field = "O" if slug == "bet9ja" else "markets"

    def empty(answer):
        body(slug, answer)[field] = {} if slug == "bet9ja" else []

    event = decode(slug, empty)
    assert event.markets == () and event.complete
    for value in (None, "x", 3):

        def spoil(answer, value=value):
            body(slug, answer)[field] = value

        with pytest.raises(PayloadChanged):
            decode(slug, spoil)

    def remove(answer):
        del body(slug, answer)[field]

    with pytest.raises(PayloadChanged):
        decode(slug, remove)


@pytest.mark.parametrize("slug", SLUGS)
def test_an_answer_about_another_event_is_refused(slug):
    payload = json.dumps(ANSWERS[slug]).encode()
    own = REGISTRY[slug].decode_event(payload).external_id
    assert REGISTRY[slug].decode_event(payload, own).external_id == own
    with pytest.raises(PayloadChanged) as caught:
        REGISTRY[slug].decode_event(payload, "sr:match:999")
    assert caught.value.code == "OTHER_EVENT"


@pytest.mark.parametrize(
    ("slug", "payload"),
    [
        ("sportybet", {"bizCode": 19000, "message": "no such event", "data": None}),
        ("sportybet", {"bizCode": 19000, "message": "no such event"}),
        ("bet9ja", {"R": "E", "D": None}),
        ("bet9ja", {"R": "E"}),
        ("bet9ja", {"R": "OK", "D": False}),
        ("bet9ja", {"R": "OK", "D": []}),
    ],
)
def test_a_business_error_says_that_the_event_is_gone(slug, payload):
    with pytest.raises(EventGone):
        REGISTRY[slug].decode_event(json.dumps(payload).encode())


def test_bet9ja_result_d_is_accepted_and_an_unknown_one_is_not():
    assert decode("bet9ja", lambda answer: answer.update(R="D")).external_id == "9"
    with pytest.raises(PayloadChanged):
        decode("bet9ja", lambda answer: answer.update(R="ERR"))


def test_names_are_cleaned_and_bounded():
    def hide(answer):
        answer["data"]["homeTeamName"] = "\u202eHo\u200bme\x00\n\t  FC\x1b[31m" + "x" * 5000

    name = decode("sportybet", hide).home_team
    assert name.startswith("Home FC[31mxxx") and len(name) == 255


@given(st.text())
def test_clean_text_is_one_visible_line_and_stable(text):
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned
    assert len(cleaned) <= 255 and "\x00" not in cleaned and "\n" not in cleaned


@pytest.mark.parametrize(
    ("value", "expected"),
    [("68995116", "68995116"), (7, "7"), ("007", "7"), (" 8 ", "8")]
    + [(bad, None) for bad in ("0", 0, "", "null", None, "abc", "-5", 1.5, True, "1" * 40, "²", [])],
)
def test_a_sportradar_id_is_a_positive_number_or_none(value, expected):
    assert sportradar_id(value) == expected


def test_a_key_out_of_grammar_is_set_aside():
    event = decode("bet9ja", lambda answer: answer["D"]["O"].update({"S_FOO": "2"}))
    assert [(piece.path, piece.reason) for piece in event.dropped] == [("S_FOO", "INVALID_KEY_FORMAT")]
    assert len(event.markets) == 2


@pytest.mark.parametrize("odds", [{"odds": {"S_1X2_1": "2.1"}}, {"X1X2": "2.1"}, {"S_1X2": "2.1", "S_OU": "1.5"}])
def test_odds_of_which_none_is_a_football_market_are_drift_and_not_an_event_without_markets(odds):
    with pytest.raises(PayloadChanged):
        decode("bet9ja", lambda answer: answer["D"].update(O=odds))
