"""Short ways to say a market, and a cache without a database."""

from mappings.cache import MappingCache
from mappings.catalogue.loader import built_in
from mappings.definitions import MarketDefinition, OutcomeDefinition
from mappings.mapper import map_event
from mappings.shapes import ScrapedMarket, ScrapedOutcome
from mappings.snapshot import Snapshot

HOME, AWAY = "Kano Pillars", "Enyimba"


def market(key, prices, specifier="", **extra):
    """prices: {text: price} or [(text, price), …] or [(text, price, active), …]."""
    rows = prices.items() if isinstance(prices, dict) else prices
    return ScrapedMarket(key, specifier, tuple(ScrapedOutcome(*row) for row in rows), **extra)


def definition(canonical_id, keys, outcomes, *, line_semantics=None, kind="simple", filters=None, **extra):
    """keys: {slug: key or (keys…)}. outcomes: [{slug: text, "id": canonical id}, …]."""
    return MarketDefinition(
        canonical_id=canonical_id,
        name=canonical_id,
        kind=kind,
        subkind=extra.pop("subkind", None),
        period="FT",
        subject="goals",
        side="match",
        line_semantics=line_semantics,
        keys={slug: (key,) if isinstance(key, str) else tuple(key) for slug, key in keys.items()},
        filters=filters or {},
        outcomes=tuple(
            OutcomeDefinition(o["id"], position, {slug: text for slug, text in o.items() if slug != "id"})
            for position, o in enumerate(outcomes)
        ),
        **extra,
    )


def cache_of(*definitions, with_catalogue=False):
    """A cache that holds these definitions, as if people had made them."""
    cache = MappingCache(use_database=False)
    cache._snapshot = Snapshot((built_in() if with_catalogue else ()) + definitions, 1)
    return cache


def mapped(slug, *markets, home=HOME, away=AWAY, cache=None):
    return map_event(slug, home, away, markets, cache or MappingCache(use_database=False))


def prices_of(result):
    """{outcome name: (odds, active)} of the only mapped market."""
    (only,) = result.mapped
    return {outcome.name: (outcome.odds, outcome.is_active) for outcome in only.outcomes}


def codes_of(result):
    return [error.code for error in result.errors]
