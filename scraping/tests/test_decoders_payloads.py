"""The three captured answers of one match decode to what their captors counted."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from mappings.shapes import ScrapedMarket
from scraping.bookmakers import REGISTRY

PAYLOADS = Path(__file__).resolve().parents[3] / "shared" / "domain" / "payloads"

pytestmark = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the captured payloads are not here")


def payload(slug):
    return (PAYLOADS / slug / "prematch.json").read_bytes()


def decoded(slug):
    return REGISTRY[slug].decode_event(payload(slug))


def outcomes_of(event):
    return [outcome for market in event.markets for outcome in market.outcomes]


@pytest.mark.parametrize(
    ("slug", "external_id", "home"),
    [
        ("betpawa", "33289995", "Wuhan Three Towns FC"),
        ("sportybet", "sr:match:68995116", "Wuhan Three Towns FC"),
        ("bet9ja", "769895636", "Wuhan Three Towns"),
    ],
)
def test_all_three_are_the_same_match(slug, external_id, home):
    event = decoded(slug)
    assert (event.external_id, event.sportradar_id, event.home_team) == (external_id, "68995116", home)
    assert event.away_team == "Qingdao Hainiu FC"
    assert event.kickoff_at == datetime(2026, 5, 6, 11, tzinfo=UTC)
    assert (event.tournament_name, event.country) == ("Chinese Super League", "China")
    assert event.complete and event.dropped == ()


def test_betpawa_rows_are_merged_to_118_markets_with_506_prices():
    event = decoded("betpawa")
    assert len(event.markets) == 118
    assert len({(market.key, market.specifier) for market in event.markets}) == 118
    assert len(outcomes_of(event)) == 506
    suspended = [outcome for outcome in outcomes_of(event) if not outcome.is_active]
    assert [outcome.price for outcome in suspended] == [0.0, 0.0]
    lines = {market.handicap_type: market for market in event.markets if market.line is not None}
    assert set(lines) == {"NORMAL", "EUROPEAN", "ASIAN", "NUMBER_SPECIFIER"}
    assert all(market.line == Decimal(market.specifier) / 4 for market in lines.values())
    assert all("all" not in market.groups for market in event.markets)
    assert all(market.line is None for market in event.markets if market.specifier == "")


def test_sportybet_has_360_markets_and_closes_those_whose_status_says_so():
    event = decoded("sportybet")
    assert len(event.markets) == 360 and len({market.key for market in event.markets}) == 183
    assert sum(market.specifier != "" for market in event.markets) == 244
    assert len(outcomes_of(event)) == 1382
    closed = [market for market in event.markets if isinstance(market, ScrapedMarket)]
    assert len(closed) == 1 and not any(outcome.is_active for outcome in closed[0].outcomes)
    inactive = [outcome for outcome in outcomes_of(event) if not outcome.is_active]
    assert len(inactive) - len(closed[0].outcomes) == 21


def test_bet9ja_has_221_groups_with_923_outcomes_of_which_14_are_closed():
    event = decoded("bet9ja")
    assert len(event.markets) == 221 and len({market.key for market in event.markets}) == 163
    assert len({market.key for market in event.markets if market.specifier}) == 36
    assert len(outcomes_of(event)) == 923
    assert [outcome.price for outcome in outcomes_of(event) if not outcome.is_active] == ["1"] * 14


@pytest.mark.parametrize("slug", REGISTRY)
def test_decoding_part_by_part_finds_the_same(slug):
    whole = decoded(slug)
    assert seen(whole) == seen(REGISTRY[slug].decode_event(with_a_broken_sibling(slug)), less_one=True)


def seen(event, less_one=False):
    markets = {
        (market.key, market.specifier): sorted((o.text, str(o.price), o.is_active) for o in market.outcomes)
        for market in event.markets
    }
    assert len(event.dropped) == (1 if less_one else 0)
    return markets


def with_a_broken_sibling(slug):
    """The payload with one more market that cannot be read."""
    text = payload(slug).decode()
    place, extra = {
        "betpawa": ('"markets": [', '{"marketType": {"id": "1"}, "row": null},'),
        "sportybet": ('"markets": [', '{"id": "1x", "outcomes": [{"desc": "Home", "odds": null}]},'),
        "bet9ja": ('"O": {', '"S_NEW_1": null,'),
    }[slug]
    assert text.count(place) == 1
    return text.replace(place, place + extra).encode()


@pytest.mark.parametrize(
    ("slug", "key", "name", "label"),
    [
        ("betpawa", "3743", "1X2 | Full Time", ("1", "1")),
        ("sportybet", "1", "1X2", None),
        ("bet9ja", "S_1X22TOU", "2nd Half - 1X2 + Over/Under", ("XU2T", "X + Under")),
        ("bet9ja", "S_1X2GK", "1X2 Goal Kicks", ("X", "X")),
    ],
)
def test_names_and_rules_come_from_the_answer_itself(slug, key, name, label):
    found = REGISTRY[slug].describe(payload(slug), [key, "no such key"])
    assert list(found) == [key]
    assert found[key][0] == name and len(found[key][1]) > 20
    if label is not None:
        assert found[key][2][label[0]] == label[1]
