"""From a bookmaker's own words to BetPawa's. Pure: the same markets and mappings give the same result.

The fast path is a few look-ups per market: source key and specifier give a Plan, each outcome is
looked up whole in what the plan remembers. Whatever is not that simple, once or always, goes the
careful way in mappings.matching, with the same result.
"""

from collections.abc import Iterable

import msgspec
import structlog
from msgspec import structs
from xxhash import xxh3_64_intdigest

from mappings.cache import mapping_cache
from mappings.errors import MappingError
from mappings.matching import EventTeams, match_market, merged, unsupported
from mappings.shapes import MappedMarket

log = structlog.get_logger(__name__)

_SIGN = 1 << 63
_WRAP = 1 << 64


class MappingResult(msgspec.Struct):
    """mapped: one entry per (betpawa_market_id, line). errors: what did not map, or not wholly.

    duplicates: how often a (market, line) came again with another price; the first one stands.
    """

    mapped: list[MappedMarket]
    errors: list[MappingError]
    duplicates: int = 0


def map_event(bookmaker_slug: str, home_team: str, away_team: str, markets: Iterable, cache=None) -> MappingResult:
    """Map the markets of one event at one bookmaker. cache: a MappingCache; the process's own by default.

    Never raises for what a bookmaker sent: each market is in the result, in the errors, or in both.
    """
    snapshot = (mapping_cache if cache is None else cache).snapshot
    table = snapshot.table(bookmaker_slug)
    plans_of, refused_of = table.direct.get, table.refused.get
    own_groups = table.grammar.verbatim
    teams = EventTeams(home_team, away_team)
    whole = table.whole
    remembers = whole.enabled
    found: dict = {}
    errors: list[MappingError] = []
    asked = answered = duplicates = 0
    for market in markets:
        key = market.key
        plan = None
        plans = plans_of(key)
        if plans is None:
            refusal = refused_of(key)
            if refusal is not None:
                errors.append(MappingError(refusal[0], market, refusal[1]))
                continue
        elif (plan := plans.get(market.specifier)) is not None:
            as_they_came = market.outcomes
            try:
                mapped = None
                if remembers:
                    asked += 1
                    mapped = plan.whole_get((home_team, away_team, as_they_came) if plan.names_teams else as_they_came)
                if mapped is None:
                    indices, outcomes, fragments = zip(*map(plan.recall, as_they_came))  # noqa: B905 (triples)
                    if indices != plan.full:
                        order = plan.orders[indices]
                        if order is not None:
                            outcomes, fragments = order(outcomes), order(fragments)
                    digest = xxh3_64_intdigest("\n".join(fragments))
                    mapped = MappedMarket(
                        plan.canonical_id,
                        plan.market_id,
                        plan.name,
                        plan.line,
                        plan.handicap_type,
                        plan.handicap_home,
                        plan.handicap_away,
                        outcomes,
                        (market.groups or plan.groups) if own_groups else plan.groups,
                        digest if digest < _SIGN else digest - _WRAP,
                    )
                    if remembers and not plan.names_teams:
                        plan.whole[as_they_came] = mapped
                elif own_groups and mapped.market_groups != (market.groups or plan.groups):
                    answered += 1
                    mapped = structs.replace(mapped, market_groups=market.groups or plan.groups)
                else:
                    answered += 1
            except (KeyError, TypeError, ValueError):
                mapped = None  # a text, or an order of outcomes, that this plan has not met yet
            if mapped is not None:
                if not plan.market_id:
                    errors.append(unsupported(market, (mapped,)))
                elif found.setdefault(plan.token, mapped) is not mapped:
                    duplicates += _merge(found, plan.token, mapped, snapshot)
                continue
        results, problems = match_market(table, market, teams)
        errors += problems
        for token, mapped in results:
            if found.setdefault(token, mapped) is not mapped:
                duplicates += _merge(found, token, mapped, snapshot)
        if remembers and plan is not None and results and not problems:
            _remember_whole(plan, market, results[0][1], home_team, away_team)
    whole.account(asked, answered)
    if duplicates:
        log.warning("mapping.duplicate_markets", bookmaker=bookmaker_slug, count=duplicates)
    return MappingResult(list(found.values()), errors, duplicates)


def map_market(bookmaker_slug: str, market, home_team: str, away_team: str, cache=None):
    """([MappedMarket], [MappingError]) of one source market."""
    result = map_event(bookmaker_slug, home_team, away_team, (market,), cache)
    return result.mapped, result.errors


def _remember_whole(plan, market, mapped, home_team, away_team):
    """Keep a market that took the careful way and matched wholly. 0 and 1 equal False and True, and
    are no keys."""
    if any(not isinstance(o.price, str) and o.price in (0, 1) for o in market.outcomes):
        return
    outcomes = market.outcomes
    plan.whole[(home_team, away_team, outcomes) if plan.names_teams else outcomes] = mapped


def _merge(found, token, second, snapshot) -> bool:
    first = found[token]
    found[token], contradicts = merged(first, second, snapshot.by_canonical_id.get(first.canonical_id))
    return contradicts
