"""What is known of a market that could not be read: its key, where the answer still says it."""

import pytest

from scraping.tests.test_decoders_drift import BROKEN_MARKETS, SLUGS, body, decode


def with_market(slug, broken):
    def add(answer):
        body(slug, answer)["markets"].insert(1, broken)

    return add


def has_key(broken):
    return "9" in str(broken)


@pytest.mark.parametrize(
    ("slug", "broken"),
    [(slug, broken) for slug in ("betpawa", "sportybet") for broken in BROKEN_MARKETS[slug] if has_key(broken)],
    ids=lambda value: str(value)[:60],
)
def test_a_broken_market_that_says_its_key_leaves_the_answer_whole(slug, broken):
    event = decode(slug, with_market(slug, broken))
    assert [piece.key for piece in event.dropped] == ["9"] and event.complete


@pytest.mark.parametrize(
    ("slug", "broken"),
    [(slug, broken) for slug in ("betpawa", "sportybet") for broken in BROKEN_MARKETS[slug] if not has_key(broken)]
    + [("betpawa", {"marketType": {"id": []}, "row": []})],
    ids=lambda value: str(value)[:60],
)
def test_a_broken_market_that_may_be_any_leaves_the_answer_incomplete(slug, broken):
    event = decode(slug, with_market(slug, broken))
    assert [piece.key for piece in event.dropped] == [""] and not event.complete


def nested(levels):
    return [] if not levels else [nested(levels - 1)]


def test_a_market_nested_too_deep_still_says_its_key():
    event = decode("sportybet", with_market("sportybet", {"id": 9, "outcomes": nested(40)}))
    assert [(piece.reason, piece.key) for piece in event.dropped] == [("TOO_DEEP", "9")]
    assert event.complete


def test_too_many_outcomes_and_absurd_handicaps_say_their_key():
    price = {"name": "Over", "price": 1.9}
    absurd = {"marketType": {"id": "9"}, "row": [{"handicap": 10**7, "prices": [price]}]}
    crowded = {"marketType": {"id": "9"}, "row": [{"handicap": 1, "prices": [price] * 1001}]}
    outcomes = [{"desc": "x", "odds": "2"}] * 1001
    for event in (
        decode("betpawa", with_market("betpawa", absurd)),
        decode("betpawa", with_market("betpawa", crowded)),
        decode("sportybet", with_market("sportybet", {"id": "9", "outcomes": outcomes})),
        decode("bet9ja", lambda answer: answer["D"]["O"].update({f"S_9_{number}": "2" for number in range(1001)})),
    ):
        [piece] = event.dropped
        assert piece.key in ("9", "S_9") and event.complete


def test_a_bet9ja_price_that_cannot_be_read_says_its_key_without_line_and_outcome():
    event = decode("bet9ja", lambda answer: answer["D"]["O"].update({"S_OU@2.5_U": None}))
    assert [(piece.path, piece.key) for piece in event.dropped] == [("S_OU@2.5_U", "S_OU")]
    assert event.complete and [market.key for market in event.markets] == ["S_1X2"]


@pytest.mark.parametrize("price", ["2", None])
def test_a_bet9ja_key_out_of_grammar_never_was_a_market_whatever_its_price(price):
    event = decode("bet9ja", lambda answer: answer["D"]["O"].update({"S_FOO": price}))
    assert [(piece.reason, piece.key) for piece in event.dropped] == [("INVALID_KEY_FORMAT", "")]
    assert event.complete and len(event.markets) == 2


@pytest.mark.parametrize("slug", SLUGS)
def test_an_answer_with_nothing_dropped_is_whole(slug):
    assert decode(slug).complete


@pytest.mark.parametrize("slug", SLUGS)
def test_an_answer_of_which_most_is_broken_is_not_whole(slug):
    def spoil(answer):
        if slug == "bet9ja":
            answer["D"]["O"] = dict.fromkeys(answer["D"]["O"])
            return
        for market in body(slug, answer)["markets"]:
            market["row" if slug == "betpawa" else "outcomes"] = None

    event = decode(slug, spoil)
    assert event.markets == () and all(piece.key for piece in event.dropped) and not event.complete
