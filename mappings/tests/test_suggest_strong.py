"""A strong suggestion that is wrong is the worst that can happen: names that mislead, prices that do not say enough."""

import re

import pytest

from mappings.catalogue.loader import built_in
from mappings.models import Band
from mappings.suggestions import datasets
from mappings.suggestions.evaluation import truths, without_bookmaker
from mappings.suggestions.markets import source_of
from mappings.suggestions.observations import view_of
from mappings.suggestions.ranking import World, rank
from mappings.suggestions.scoring import shipped

RIVALS = ("sportybet", "bet9ja")
# What a name may be lacking: the half, the side, what is counted, the terms, the sort of handicap.
LOST = (
    r"(1st|2nd|first|second) half|\b[12]h\b|\b[12] ?ht?\b",
    r"\b(home|away)( team)?\b",
    r"\bcorners?\b|\bbookings?\b|\bcards?\b",
    r"\b[12] ?up\b|early payout",
    r"asian|european|\b[23]-?way\b|no bet",
)


@pytest.fixture(scope="module")
def demo():
    return datasets.load("demo", events=6, seed=21)


def markets_of(demo, count):
    seen = set()
    for fixture in demo.fixtures[:count]:
        for slug in RIVALS:
            book = fixture.books[slug]
            for market in book.markets:
                if (slug, market.key) not in seen:
                    seen.add((slug, market.key))
                    yield slug, book, market


def asked(demo, slug, book, market, name=None, rules="", drop=0):
    own, _, labels = demo.names.get((slug, market.key), ("", "", {}))
    outcomes = market.outcomes[: len(market.outcomes) - drop]
    displays = {outcome.text: labels.get(outcome.text, outcome.text) for outcome in outcomes}
    name = own if name is None else name
    return source_of(slug, market.key, name, rules, displays, home=book.home_team, away=book.away_team)


def strong_ones(world, sources):
    """(key, name, offered BetPawa id) of those with a strong suggestion that is not what the key is."""
    right = truths(built_in())
    for source in sources:
        ranked = rank(world, source, shipped())
        if ranked and ranked[0].band == Band.STRONG:
            betpawa_id = ranked[0].candidate.target.betpawa_id
            yield source.key, source.name, betpawa_id, betpawa_id in right.get((source.slug, source.key), ())


def wrong(found):
    return [one for one in found if not one[3]]


@pytest.mark.parametrize("count", [1, 2, 6])
def test_a_name_that_lost_its_half_side_count_or_terms_makes_no_strong_suggestion_wrong(demo, count):
    world = World(built_in(), [view_of(fixture) for fixture in demo.fixtures[:count]])
    sources = []
    for slug, book, market in markets_of(demo, count):
        own = demo.names.get((slug, market.key), ("",))[0]
        for pattern in LOST:
            name = re.sub(pattern, "", own, flags=re.IGNORECASE).strip(" -")
            if name != own:
                sources.append(asked(demo, slug, book, market, name))
    assert len(sources) > 150
    assert wrong(strong_ones(world, sources)) == []


def test_without_prices_or_with_one_event_of_two_outcomes_nothing_is_strong(demo):
    everything = [asked(demo, *one) for one in markets_of(demo, 6)]
    world = World(built_in(), [view_of(fixture) for fixture in demo.fixtures], use_prices=False)
    assert list(strong_ones(world, everything)) == []
    world = World(built_in(), [view_of(demo.fixtures[0])])
    pairs = [asked(demo, *one) for one in markets_of(demo, 1) if len(one[2].outcomes) == 2]
    assert list(strong_ones(world, pairs)) == []


def test_a_perfect_name_over_the_prices_of_another_half_is_not_strong(demo):
    names = {"18": "1st Half - Over/Under", "68": "Over/Under", "1": "1st Half - 1X2", "60": "1X2"}
    sources = [
        asked(demo, slug, book, market, names[market.key])
        for slug, book, market in markets_of(demo, 6)
        if slug == "sportybet" and market.key in names
    ]
    assert {source.key for source in sources} == set(names)
    for definitions in (built_in(), without_bookmaker(built_in(), "sportybet")):
        world = World(definitions, [view_of(fixture) for fixture in demo.fixtures])
        assert list(strong_ones(world, sources)) == []


def test_a_key_that_is_offered_beside_the_mapped_one_is_a_near_twin_of_it(demo):
    found = [
        (book, market) for slug, book, market in markets_of(demo, 6) if (slug, market.key) == ("sportybet", "60100")
    ]
    (book, market), *_ = found
    world = World(built_in(), [view_of(fixture) for fixture in demo.fixtures])
    best, *_ = rank(world, asked(demo, "sportybet", book, market, "1X2"), shipped())
    assert best.candidate.target.betpawa_id == "3743"  # by name and by price
    assert best.candidate.beside and best.band != Band.STRONG


def test_outcomes_that_are_missing_make_no_strong_suggestion_wrong(demo):
    world = World(built_in(), [view_of(fixture) for fixture in demo.fixtures])
    sources = [asked(demo, *one, drop=1) for one in markets_of(demo, 6) if len(one[2].outcomes) > 2]
    found = list(strong_ones(world, sources))
    assert len(found) > 20 and wrong(found) == []


def test_odd_or_even_of_whatever_is_never_told_by_prices_alone(demo):
    """One match of equal sides after the other: every odd/even is priced like every other."""
    views = [view_of(fixture) for fixture in demo.fixtures]
    world = World(without_bookmaker(built_in(), "bet9ja"), views)
    sources = [
        asked(demo, slug, book, market, "Odd/Even")
        for slug, book, market in markets_of(demo, 6)
        if slug == "bet9ja" and market.key.startswith("S_OE")
    ]
    assert len(sources) > 3
    assert wrong(strong_ones(world, sources)) == []
