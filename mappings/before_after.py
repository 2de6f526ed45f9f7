"""What a decision would do to real events: kept fixtures, mapped with the mappings of now and of then.

Only the markets that can come out differently are mapped, so that five fixtures cost a few
milliseconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Case, IntegerField, Value, When

from mappings.definitions import REFERENCE
from mappings.evidence.remembered import fixtures_of
from mappings.evidence.samples import Fixture, source_key
from mappings.mapper import map_event, map_market
from mappings.models import PriceFixture
from mappings.proposals import Proposal
from mappings.snapshot import Snapshot

MOST_FIXTURES = 8  # per source key; prices are compared on all of them, five are enough to judge
SHOWN_FIXTURES = 5
MOST_KEYS = 3  # source keys that fixtures are looked up by
MOST_CHANGES = 60  # shown per fixture


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """One outcome by BetPawa's name. before, after: the bookmaker's odds as text, None where it is
    not mapped; reference: BetPawa's own at that moment."""

    name: str
    before: str | None
    after: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class MarketChange:
    """change: added, removed, changed, or moved (the same source market goes to another market of
    BetPawa: moved_from). line: as stored."""

    slug: str
    change: str
    source_key: str
    specifier: str
    market_id: str
    market_name: str
    line: Decimal | None
    outcomes: tuple[OutcomeChange, ...]
    moved_from: str = ""


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A source market, or outcomes of it, that would still not map."""

    slug: str
    source_key: str
    specifier: str
    code: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FixtureChange:
    """One kept event, now and then. not_shown: changes beyond the first sixty."""

    event_key: str
    home_team: str
    away_team: str
    kickoff_at: datetime
    sampled_at: datetime
    changes: tuple[MarketChange, ...]
    left_over: tuple[LeftOver, ...]
    not_shown: int = 0


class Held(NamedTuple):
    """What the mapper asks of a cache."""

    snapshot: Snapshot


def fixtures_for(proposal: Proposal) -> list[Fixture]:
    """Kept events that carry the source keys in question, those that BetPawa's market is on first.
    At most five queries; a fixture is unpacked once, not at every preview."""
    target = (proposal.draft or proposal.before).betpawa_id if proposal.draft or proposal.before else ""
    chosen = []
    for slug, key in proposal.focus()[:MOST_KEYS]:
        rows = PriceFixture.objects.filter(keys__contains=[source_key(slug, key)]).order_by("-sampled_at", "-id")
        if target:
            has_target = When(keys__contains=[source_key(REFERENCE, target)], then=Value(0))
            rows = rows.order_by(Case(has_target, default=1, output_field=IntegerField()), "-sampled_at", "-id")
        chosen += [pk for pk in rows.values_list("pk", flat=True)[:MOST_FIXTURES] if pk not in chosen]
    return fixtures_of(chosen) if chosen else []


def compare_fixtures(proposal: Proposal, fixtures: Iterable[Fixture]) -> tuple[FixtureChange, ...]:
    """Each fixture as the present mappings read it against the proposed ones."""
    rivals_first = sorted(proposal.affected, key=lambda slug: (slug == REFERENCE, slug))
    keys = {slug: relevant_keys(proposal, slug) for slug in rivals_first}
    return tuple(_compared(proposal, fixture, keys) for fixture in fixtures)


def relevant_keys(proposal: Proposal, slug: str) -> frozenset[str]:
    """Source keys whose markets can come out differently: the affected ones, and every other that
    feeds a market which they feed now or then."""
    claimants = [
        claim.definition
        for snapshot in (proposal.present, proposal.proposed)
        for key in proposal.affected[slug]
        for claim in snapshot.table(slug).lookup(key)
    ]
    targets = {_target(definition) for definition in claimants}
    return frozenset(
        key
        for snapshot in (proposal.present, proposal.proposed)
        for definition in snapshot.definitions
        if _target(definition) in targets
        for key in definition.keys.get(slug, ())
    )


def _target(definition):
    return definition.betpawa_id or definition.canonical_id


def _compared(proposal, fixture, keys):
    changes, left_over = [], []
    for slug, wanted in keys.items():
        book = fixture.books.get(slug)
        markets = [market for market in book.markets if market.key in wanted] if book else []
        if not markets:
            continue
        mapped = [
            map_event(slug, book.home_team, book.away_team, markets, Held(snapshot))
            for snapshot in (proposal.present, proposal.proposed)
        ]
        before, after = ({(m.betpawa_market_id, m.line): m for m in result.mapped} for result in mapped)
        differs = _prices_differ if slug == REFERENCE else _differs
        differing = [token for token in {**before, **after} if differs(before.get(token), after.get(token))]
        if differing:
            origins = [_origins(slug, book, markets, snapshot) for snapshot in (proposal.present, proposal.proposed)]
            reference = _reference(proposal, fixture, differing) if slug != REFERENCE else {}
            changes += _changes(slug, differing, before, after, origins, reference)
        left_over += [
            LeftOver(
                slug, e.market.key, e.market.specifier, e.code, tuple(str(o.text)[:100] for o in e.market.outcomes[:12])
            )
            for e in mapped[1].errors
            if e.market.key in proposal.affected[slug]
        ]
    return FixtureChange(
        fixture.event_key,
        fixture.home_team,
        fixture.away_team,
        fixture.kickoff_at,
        fixture.sampled_at,
        tuple(changes[:MOST_CHANGES]),
        tuple(left_over),
        max(0, len(changes) - MOST_CHANGES),
    )


def _differs(before, after):
    return (
        before is None
        or after is None
        or before.fingerprint != after.fingerprint
        or before.betpawa_market_name != after.betpawa_market_name
        or before.handicap_type != after.handicap_type
        or before.market_groups != after.market_groups
    )


def _prices_differ(before, after):
    """For BetPawa's own markets, which are kept under its words without a mapping too."""
    return before is None or after is None or {o[:2] for o in before.outcomes} != {o[:2] for o in after.outcomes}


def _origins(slug, book, markets, snapshot):
    """{(market id, line): (key, specifier)}: which source market each stored one is of."""
    found = {}
    for market in markets:
        mapped, _ = map_market(slug, market, book.home_team, book.away_team, Held(snapshot))
        for result in mapped:
            found.setdefault((result.betpawa_market_id, result.line), (market.key, market.specifier))
    return found


def _reference(proposal, fixture, tokens):
    """{(market id, line): {outcome name: odds}} of BetPawa at that moment."""
    book = fixture.books.get(REFERENCE)
    if book is None:
        return {}
    wanted = {market_id for market_id, _ in tokens}
    markets = [market for market in book.markets if market.key in wanted]
    result = map_event(REFERENCE, book.home_team, book.away_team, markets, Held(proposal.proposed))
    return {(m.betpawa_market_id, m.line): {o.name: o.odds for o in m.outcomes} for m in result.mapped}


def _changes(slug, tokens, before, after, origins, reference):
    was, is_now = origins
    gone = {was.get(token): before[token] for token in tokens if token not in after}
    moved = {is_now.get(token) for token in tokens if token not in before} & gone.keys() - {None}
    found = []
    for token in tokens:
        old, new = before.get(token), after.get(token)
        key, specifier = is_now.get(token) or was.get(token) or ("", "")
        if new is None and (key, specifier) in moved:
            continue
        moved_from = gone[key, specifier].betpawa_market_name if old is None and (key, specifier) in moved else ""
        change = "moved" if moved_from else "added" if old is None else "removed" if new is None else "changed"
        shown = new or old
        found.append(
            MarketChange(
                slug,
                change,
                key,
                specifier,
                shown.betpawa_market_id,
                shown.betpawa_market_name,
                shown.line,
                _outcomes(old, new, reference.get(token, {})),
                moved_from,
            )
        )
    return found


def _outcomes(old, new, reference):
    before, after = ({o.name: o.odds for o in market.outcomes} if market else {} for market in (old, new))
    return tuple(
        OutcomeChange(name, before.get(name), after.get(name), reference.get(name)) for name in {**after, **before}
    )
