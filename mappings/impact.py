"""How much of what is stored, and of what is offered, a decision would change.

Stored rows are counted exactly where they are (mappings.ports); what is not mapped yet has no
rows, so the queue says how many events carry it, and kept fixtures how many rows an event gives.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mappings.before_after import SHOWN_FIXTURES, FixtureChange
from mappings.catalogue.loader import takers
from mappings.ports import stored_odds
from mappings.proposals import Proposal, view

# From so many events on, a reason is asked for. A queue row of a quiet league is decided with one
# key; a market that most of a day's board carries is worth a sentence.
WIDE_EVENTS = 200
MOST_COUNTED = 6  # (bookmaker, market) pairs that are counted; each reads all that a bookmaker offers

NEW, CHANGED = "new", "changed"


@dataclass(frozen=True, slots=True)
class ImpactPart:
    """One bookmaker and one market of BetPawa. kind: "changed" for rows that are stored now, "new"
    for a source key that gives none yet. rows: of all events; markets: different lines."""

    slug: str
    kind: str
    canonical_id: str
    market_id: str
    market_name: str
    events: int
    markets: int
    rows: int


@dataclass(frozen=True, slots=True)
class Impact:
    """events: of the largest part, as the parts are mostly of the same events; markets and rows:
    of all parts together; all three None where the stored rows could not be counted.

    is_wide: a reason is required: more than WIDE_EVENTS events, or rows that are stored change.
    exact: every figure was counted, none estimated. fixtures: up to five kept events, now and then.
    note: for people, "" where the figures need none.
    """

    events: int | None
    markets: int | None
    rows: int | None
    is_wide: bool
    exact: bool
    fixtures: tuple[FixtureChange, ...]
    parts: tuple[ImpactPart, ...] = ()
    note: str = ""


def impact_of(proposal: Proposal, compared: Iterable[FixtureChange]) -> Impact:
    """compared: before_after.compare_fixtures of all fixtures at hand; those with changes are
    shown first."""
    compared = tuple(compared)
    shown = tuple(sorted(compared, key=lambda fixture: not fixture.changes)[:SHOWN_FIXTURES])
    stored = list({(slug, market.betpawa_id): (slug, market) for slug, market in _stored_pairs(proposal)}.values())
    try:
        stored_rows = stored_odds().stored_rows if stored else None
    except RuntimeError as error:
        return Impact(None, None, None, True, False, shown, note=f"Not counted: {error}")
    parts, notes = [], []
    for slug, definition in stored[:MOST_COUNTED]:
        count = stored_rows(slug, definition.betpawa_id)
        if count.rows:
            parts.append(_part(slug, CHANGED, definition, count.events, count.markets, count.rows))
    if len(stored) > MOST_COUNTED:
        notes.append(f"{len(stored) - MOST_COUNTED} more markets would change and were not counted.")
    new = _new_parts(proposal, compared)
    if new:
        notes.append("Rows of markets that are not mapped yet are estimated from the last cycle and kept fixtures.")
    parts += new
    events = max((part.events for part in parts), default=0)
    return Impact(
        events=events,
        markets=sum(part.markets for part in parts),
        rows=sum(part.rows for part in parts),
        is_wide=events > WIDE_EVENTS or len(stored) > MOST_COUNTED or any(part.kind == CHANGED for part in parts),
        exact=not new and len(stored) <= MOST_COUNTED,
        fixtures=shown,
        parts=tuple(parts),
        note=" ".join(notes),
    )


def _part(slug, kind, definition, events, markets, rows):
    return ImpactPart(
        slug, kind, definition.canonical_id, definition.betpawa_id, definition.name, events, markets, rows
    )


def _stored_pairs(proposal):
    """(slug, definition) whose stored rows would be mapped differently: its own, unless the mapping
    only gains source keys there, and those of others that lose a key or get one back."""
    before = proposal.before
    for slug, keys in proposal.affected.items():
        if before and before.betpawa_id and _loses(proposal, slug, keys):
            yield slug, before
        for key in keys:
            now, then = (_takers(snapshot, slug, key) for snapshot in (proposal.present, proposal.proposed))
            for canonical_id in now.keys() ^ then.keys() | set(proposal.taken_from) & now.keys():
                other = now.get(canonical_id) or then[canonical_id]
                if canonical_id != proposal.canonical_id and other.betpawa_id:
                    yield slug, other


def _loses(proposal, slug, keys):
    """Whether anything that its keys of today give would change."""
    mine = proposal.before.keys.get(slug, ())
    return bool(mine) and (view(proposal.before, slug) != view(proposal.after, slug) or not set(keys).isdisjoint(mine))


def _takers(snapshot, slug, key):
    """{canonical id: definition} of those that get outcomes of this key: not every claimant does."""
    claims = snapshot.table(slug).lookup(key)
    return {one.canonical_id: one for one in takers(slug, [claim.definition for claim in claims])}


def has_new_keys(proposal: Proposal) -> bool:
    """Whether rows would be stored of source keys that give this market none now."""
    return bool(_gained(proposal))


def _gained(proposal):
    """[(slug, key)] that nothing claims now, or whose other markets keep all that they have: a split."""
    after = proposal.after
    if after is None or not after.betpawa_id:
        return []
    return [
        (slug, key)
        for slug, keys in proposal.affected.items()
        for key in keys
        if key in after.keys.get(slug, ())
        and (not proposal.present.table(slug).lookup(key) or _splits(proposal, slug, key))
    ]


def _splits(proposal, slug, key):
    now, then = (_takers(snapshot, slug, key).keys() for snapshot in (proposal.present, proposal.proposed))
    return then - now == {proposal.canonical_id} and now <= then


def _new_parts(proposal, compared):
    """What source keys would give that give this market nothing now."""
    parts = []
    for slug, key in _gained(proposal):
        row = proposal.described.get((slug, key))
        if row is None or not row.event_count:
            continue
        lines, per_event = _lines(compared, slug, key)
        parts.append(_part(slug, NEW, proposal.after, row.event_count, lines, round(row.event_count * per_event)))
    return parts


def _lines(compared, slug, key):
    """(different lines, rows per event) that a source key gives on the kept fixtures; (1, 1) without any."""
    lines, counts = set(), []
    for fixture in compared:
        gained = [c.line for c in fixture.changes if (c.slug, c.source_key) == (slug, key) and c.change != "removed"]
        if gained or any((left.slug, left.source_key) == (slug, key) for left in fixture.left_over):
            counts.append(len(gained))
            lines.update(gained)
    return (len(lines), sum(counts) / len(counts)) if counts else (1, 1)
