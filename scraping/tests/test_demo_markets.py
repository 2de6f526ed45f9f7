"""The demo's markets: complete, each bookmaker's margin positive, every price from the same match."""

import json
from itertools import product
from math import log

import pytest

from scraping.demo.board import boards, catalogue, unmapped_types
from scraping.demo.content import Content
from scraping.demo.expressions import evaluate
from scraping.demo.families import weights
from scraping.demo.goals import SPACES
from scraping.demo.ladders import ladder
from scraping.demo.prices import Life
from scraping.demo.world import SLUGS, World
from scraping.tests.demo_talk import MOMENT


@pytest.fixture(scope="module")
def content():
    return Content(World(7, 60), Life())


@pytest.fixture(scope="module")
def answers(content):
    return {
        slug: [
            json.loads(content.detail(slug, event.external_id(slug), MOMENT).plain())
            for event in content.world.offered(slug, MOMENT)
        ]
        for slug in SLUGS
    }


def keys_on_show(answers) -> dict[str, set[str]]:
    return {
        "betpawa": {market["marketType"]["id"] for event in answers["betpawa"] for market in event["markets"]},
        "sportybet": {market["id"] for event in answers["sportybet"] for market in event["data"]["markets"]},
        "bet9ja": {market["ID"] for event in answers["bet9ja"] for market in event["D"]["MK"]},
    }


def test_every_catalogue_market_is_on_show_somewhere_at_every_bookmaker_that_has_it(answers):
    shown = keys_on_show(answers)
    fields = {"betpawa": "betpawa_id", "sportybet": "sportybet_id", "bet9ja": "bet9ja_key"}
    missing = [
        (slug, market["canonical_id"])
        for slug, market in product(SLUGS, catalogue())
        if market[fields[slug]] and market[fields[slug]] not in shown[slug]
    ]
    assert missing == []


def test_at_least_a_hundred_unmapped_types_are_on_show_with_names_and_rules(answers):
    shown = keys_on_show(answers)
    known = {(row["source"], row["id"]) for row in unmapped_types()}
    mapped = {market[field] for market in catalogue() for field in ("sportybet_id", "bet9ja_key")}
    found = {(slug, key) for slug in ("sportybet", "bet9ja") for key in shown[slug] if (slug, key) in known}
    assert len(found) >= 100
    assert not {key for _, key in found} & mapped
    for event in answers["sportybet"][:5]:
        assert all(market["name"] and market["desc"] and market["marketGuide"] for market in event["data"]["markets"])
    for event in answers["bet9ja"][:5]:
        described = {market["ID"]: market for market in event["D"]["MK"]}
        for market in described.values():
            assert market["DS"] and market["MDESC"] and len(market["SGN"]) == len(market["SGNK"])
        assert set(event["D"]["AUX"]) <= set(described)


def test_betpawa_rows_merge_to_the_stated_number_of_markets_without_repeating_an_outcome(answers):
    for event in answers["betpawa"]:
        outcomes: dict[tuple, list[str]] = {}
        for market in event["markets"]:
            for row in market["row"]:
                unit = outcomes.setdefault((market["marketType"]["id"], row["handicap"]), [])
                unit += [price["name"] for price in row["prices"]]
        assert len(outcomes) == event["totalMarketCount"]
        assert all(len(names) == len(set(names)) for names in outcomes.values())
    combos = [m for event in answers["betpawa"] for m in event["markets"] if m["marketType"]["id"] == "1096755"]
    assert all(len(m["row"]) == 2 * len({row["handicap"] for row in m["row"]}) for m in combos)


def test_ids_are_unique_within_a_betpawa_event(answers):
    for event in answers["betpawa"]:
        ids = [price["id"] for market in event["markets"] for row in market["row"] for price in row["prices"]]
        assert len(ids) == len(set(ids))


def test_sportybet_lists_each_id_and_specifier_once_and_writes_lines_into_the_texts(answers):
    texts = {}
    for event in answers["sportybet"]:
        units = [(market["id"], market.get("specifier")) for market in event["data"]["markets"]]
        assert len(units) == len(set(units))
        for market in event["data"]["markets"]:
            texts[market["id"], market.get("specifier")] = [outcome["desc"] for outcome in market["outcomes"]]
    assert texts["18", "total=2.5"] == ["Over 2.5", "Under 2.5"]
    assert texts["37", "total=2.5"][:2] == ["Home & Under 2.5", "Draw & Under 2.5"]
    assert texts["14", "hcp=0:1"] == ["Home (0:1)", "Draw (0:1)", "Away (0:1)"]
    assert texts["16", "hcp=-0.5"] == ["Home (-0.5)", "Away (+0.5)"]
    assert ("16", "hcp=0") in texts and ("18", "total=2") in texts
    assert texts["30", None][0] == "None"


def test_bet9ja_prices_quarter_lines_apart_and_writes_prices_as_text(answers):
    odds = {key: price for event in answers["bet9ja"] for key, price in event["D"]["O"].items()}
    assert "S_OUA@2.25_O" in odds and "S_OU@2.5_O" in odds and "S_HAOU@1.5_OH" in odds
    assert not any("@" not in key and key.startswith("S_OU_") for key in odds)
    assert all(isinstance(price, str) and float(price) >= 1 for price in odds.values())
    assert len(json.dumps(answers["bet9ja"][0]["D"]["TRANS"])) > 100_000


@pytest.mark.parametrize("slug", SLUGS)
def test_prices_stay_on_the_bookmakers_own_ladder_and_margins_are_positive(content, slug):
    board = content.pricer.boards[slug]
    steps = ladder(slug)
    overlapping = ("overlapping_ranges", "early_payout", "player", "exact_count")
    incomplete = ("S_HA", "S_HOMENOBET", "S_AWAYNOBET")  # two markets in one key; the third outcome returns the stake
    covering = {
        number
        for number, unit in enumerate(board.units)
        if unit.winners == 1 and unit.market.get("subkind") not in overlapping and not unit.key.startswith(incomplete)
    }
    checked = 0
    for event in content.world.offered(slug, MOMENT)[:30]:
        snapshot = content.pricer.snapshot(event, slug, MOMENT)
        for number in covering.intersection(snapshot.offered):
            start, end = board.bounds[number]
            margin = sum(1 / steps[rung] for rung in snapshot.rung[start:end]) - 1
            assert margin > 0, (board.units[number].key, board.units[number].line)
            checked += 1
    assert checked > 500


def test_three_bookmakers_price_the_same_match_within_their_disagreement(content):
    columns, found = boards()
    for event in content.world.open_events(MOMENT)[:20]:
        burst = content.pricer.burst(event, MOMENT)[0]
        chances = {}
        for slug in SLUGS:
            board = found[slug]
            fair = content.pricer.fair(event, slug, burst)
            for (start, _), unit in zip(board.bounds, board.units, strict=True):
                for place, outcome in enumerate(unit.outcomes):
                    if "/" in outcome.identity and unit.market.get("canonical_id"):
                        chances.setdefault((outcome.identity, unit.line), {})[slug] = float(fair[start + place])
        shared = [by_slug for by_slug in chances.values() if len(by_slug) == 3 and min(by_slug.values()) > 0.1]
        assert len(shared) > 150
        spreads = sorted(log(max(by_slug.values()) / min(by_slug.values())) for by_slug in shared)
        assert spreads[len(spreads) // 2] < 0.1 and spreads[-1] < 0.5


def test_chances_of_one_match_agree_across_markets():
    space = SPACES["goals"]
    chances = space.probabilities(1.6, 1.1)
    markets = {market["canonical_id"]: market for market in catalogue()}

    def chance(name: str, outcome: str, line: float | None = None) -> float:
        return float(chances @ weights(markets[name], line)[outcome][0])

    assert chances.sum() == pytest.approx(1)
    home, draw, away = (chance("1x2_ft", outcome) for outcome in ("home", "draw", "away"))
    assert home + draw + away == pytest.approx(1)
    assert chance("double_chance_ft", "home_draw") == pytest.approx(home + draw)
    assert sum(chance("htft", f"{half}_1") for half in "1x2") == pytest.approx(home)
    assert chance("handicap_3way_ft", "home", -1.0) == pytest.approx(chance("asian_handicap_ft", "home", -1.5))
    assert chance("asian_handicap_ft", "home", -0.5) == pytest.approx(home)
    assert chance("over_under_ft", "over", 0.5) == pytest.approx(1 - chance("exact_goals_ft", "0"))
    assert sum(chance("1x2_over_under_ft", f"{side}_over", 2.5) for side in ("home", "draw", "away")) == pytest.approx(
        chance("over_under_ft", "over", 2.5)
    )
    assert home < chance("home_win_2plus_ft", "home") < chance("home_win_1plus_ft", "home")


def test_whole_and_quarter_lines_return_stakes():
    space, total = SPACES["goals"], {m["canonical_id"]: m for m in catalogue()}["over_under_ft"]
    chances = space.probabilities(1.6, 1.1)
    win, back = weights(total, 2.0)["over"]
    assert float(chances @ back) == pytest.approx(float(chances @ evaluate("T2")[1]))
    quarter_win, quarter_back = weights(total, 2.25)["over"]
    assert float(chances @ quarter_win) == pytest.approx(float(chances @ win))
    assert float(chances @ quarter_back) == pytest.approx(float(chances @ back) / 2)


@pytest.mark.parametrize(
    ("text", "chance"),
    [("p0.25", 0.25), ("!p0.25", 0.75), ("1|X|2", 1.0), ("GG&T0-1", 0.0), ("h:F1|h:F2|h:FX", 1.0), ("!T1+", None)],
)
def test_expressions_of_the_data_file(text, chance):
    space, win, _ = evaluate(text)
    value = float(win) if space is None else float(SPACES[space].probabilities(1.6, 1.1) @ win)
    assert value == pytest.approx(
        chance if chance is not None else 2.718281828**-2.7, abs=0.08 if "F" in text else 1e-3
    )


def test_an_expression_over_two_spaces_is_refused():
    with pytest.raises(ValueError, match="mixes"):
        evaluate("1&c:1")
