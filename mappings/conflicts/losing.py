"""Which source keys that a mapping keeps would not map any more. Filters, the line and outcome texts hold
for all keys of a bookmaker, so that a change for the sake of one may silently take the others off."""

from dataclasses import dataclass

from msgspec import structs

from mappings.before_after import Held
from mappings.catalogue.loader import text_key
from mappings.conflicts.finding import ERROR, WARNING, Conflict, listed
from mappings.definitions import REFERENCE, MarketDefinition
from mappings.errors import MappingErrorCode
from mappings.evidence.remembered import fixtures_of
from mappings.evidence.samples import source_key
from mappings.grammars import InvalidSpecifier, UnknownParameter, grammar_of
from mappings.mapper import map_market
from mappings.models import PriceFixture, UnmappedMarketLog
from mappings.outcome_text import clean_text
from mappings.sampled import sampled_markets
from mappings.snapshot import Snapshot
from mappings.specifiers import format_specifier

MOST_KEYS = 20  # source keys of one bookmaker that are tried
MOST_MARKETS = 40  # markets of one key that are tried
MOST_FIXTURES = 4  # kept events that are read for keys which those at hand do not have

UNMATCHED = (MappingErrorCode.PARTIAL_OUTCOMES, MappingErrorCode.NO_MATCHING_OUTCOMES)


@dataclass(frozen=True, slots=True)
class Loss:
    """key: one that gives less than it did. mapping: seen markets of it that map now; gone: how many of
    them would not at all. texts: outcomes that would be lost of the others. mapping is 0 where nobody has
    seen the key, and only the filter says that it may be lost."""

    key: str
    mapping: int = 0
    gone: int = 0
    texts: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.gone == self.mapping > 0


class Seen:
    """What is known of how the keys come that a mapping would have: those of a bookmaker are read once, in at
    most four queries. Kept events at hand come first, then others that have the key, then the queue's sample."""

    def __init__(self, proposal, fixtures):
        self._proposal, self._fixtures, self._known = proposal, fixtures, {}

    def of(self, slug) -> dict[str, list]:
        """{key: [(market, (home, away))]}, [] for one that nobody has seen."""
        if slug not in self._known:
            self._known[slug] = self._read(slug, self._proposal.draft.keys.get(slug, ())[:MOST_KEYS])
        return self._known[slug]

    def _read(self, slug, keys):
        seen = _offered(self._fixtures, slug, keys)
        missing = [key for key in keys if not seen[key]]
        if missing:
            newest = PriceFixture.objects.filter(keys__overlap=[source_key(slug, key) for key in missing])
            chosen = newest.order_by("-sampled_at", "-id").values_list("pk", flat=True)[:MOST_FIXTURES]
            seen |= _offered(fixtures_of(chosen), slug, missing)
            missing = [key for key in missing if not seen[key]]
        described = {key: self._proposal.described.get((slug, key)) for key in missing}
        unknown = [key for key, row in described.items() if row is None]
        if unknown:
            rows = UnmappedMarketLog.objects.filter(source=slug, external_market_id__in=unknown)
            described |= {row.external_market_id: row for row in rows}
        sampled = {key: sampled_markets(row) for key, row in described.items() if row is not None}
        return seen | {key: [(market, ("", "")) for market in markets] for key, markets in sampled.items()}


def losing_conflicts(proposal, seen, with_draft, names):
    """Source keys that the mapping has now and keeps, and that would give less."""
    before, draft = proposal.before, proposal.draft
    if before is None or not before.betpawa_id or not draft.betpawa_id:
        return
    for slug in sorted(before.keys.keys() & draft.keys.keys() - {REFERENCE}):
        if not _takes_less(before, draft, slug):
            continue
        kept = [key for key in before.keys[slug] if key in draft.keys[slug]]
        advice = _advice(proposal, slug, names)
        for loss in losses(seen, slug, kept, (proposal.present, before), (with_draft, draft)):
            yield _conflict(loss, f"{names.get(slug, slug)} {loss.key}", draft.filters.get(slug, {}), advice)


def losses(seen: Seen, slug, keys, now, then) -> list[Loss]:
    """What these keys would lose. now, then: (snapshot, the mapping in it)."""
    known = seen.of(slug)
    found = []
    for key in keys:
        if key not in known:
            continue  # one of more keys than are tried
        if known[key]:
            loss = _loss(slug, key, known[key], now[0], then[0])
        else:
            loss = Loss(key) if _may_refuse(slug, now[1], then[1]) else None
        if loss is not None:
            found.append(loss)
    return found


def own_mapping(name, key, definition: MarketDefinition) -> str:
    """What to do where a key does not come as the others of a mapping do. Two mappings may lead to one
    market of BetPawa."""
    return (
        f"Give {name} {key} a mapping of its own instead, a new market with BetPawa's {definition.betpawa_id} as its "
        "id there, and with the filter."
    )


def _conflict(loss, key, wanted, advice):
    if not loss.mapping:
        text = (
            f"{key} has not been seen lately: what comes of it without {format_specifier(wanted)} would not map any "
            f"more. {advice}"
        )
        return Conflict(WARNING, "KEY_MAY_BE_LOST", text)
    if loss.is_whole:
        return Conflict(ERROR, "KEY_LOST", f"{key} would not map any more: its odds would be lost. {advice}")
    lost = f"{loss.gone} of {loss.mapping} seen instances" if loss.gone else listed(loss.texts)
    return Conflict(WARNING, "KEY_LOST", f"{key}: {lost} would not map any more. {advice}")


def _advice(proposal, slug, names):
    """For whom the change is made is known where a key is new to the mapping."""
    name, known = names.get(slug, slug), proposal.before.keys[slug]
    new = [key for source, key in proposal.focus() if source == slug and key not in known]
    shared = f"Filters, line and outcome texts hold for all of {name}'s keys of a mapping."
    if new and proposal.draft.filters.get(slug, {}) != proposal.before.filters.get(slug, {}):
        return f"{shared} {own_mapping(name, new[0], proposal.draft)}"
    return f"{shared} A key that needs others can have a mapping of its own, to the same market of BetPawa."


def _takes_less(before, draft, slug):
    """Whether anything is read in another way; texts that are only added take nothing away."""
    return _reading(before, slug) != _reading(draft, slug) or not _texts(before, slug) <= _texts(draft, slug)


def _reading(definition, slug):
    return definition.kind, definition.subkind, definition.line_semantics, definition.filters.get(slug, {})


def _texts(definition, slug):
    return {text_key(slug, outcome.texts[slug]) for outcome in definition.outcomes if slug in outcome.texts}


def _offered(fixtures, slug, keys):
    found = {key: [] for key in keys}
    for fixture in fixtures:
        book = fixture.books.get(slug)
        for market in book.markets if book else ():
            if market.key in found and len(found[market.key]) < MOST_MARKETS:
                found[market.key].append((market, (book.home_team, book.away_team)))
    return found


def _loss(slug, key, markets, present, proposed):
    mapping = gone = 0
    texts: dict[str, None] = {}
    for market, teams in markets:
        before, after = (_mapped(slug, market, teams, snapshot) for snapshot in (present, proposed))
        mapping += bool(before)
        gone += bool(before and not after)
        texts |= dict.fromkeys(text for text in before if after and text not in after)
    return Loss(key, mapping, gone, tuple(texts)) if gone or texts else None


def _mapped(slug, market, teams, snapshot):
    """The bookmaker's texts that are stored, each once. One that did not map is in an error."""
    mapped, errors = map_market(slug, market, *teams, Held(snapshot))
    if not mapped:
        return []
    left = {str(outcome.text) for error in errors if error.code in UNMATCHED for outcome in error.market.outcomes}
    return [clean_text(text) for outcome in market.outcomes if (text := str(outcome.text)) not in left]


def _may_refuse(slug, now: MarketDefinition, then: MarketDefinition):
    """Whether a filter would be new that this bookmaker's specifiers are held against."""
    wanted = then.filters.get(slug, {})
    if not wanted or wanted.items() <= now.filters.get(slug, {}).items():
        return False
    try:
        grammar_of(slug).read_line(then, f"{next(iter(wanted))}=other", wanted)
    except UnknownParameter:
        return True
    except InvalidSpecifier:
        return False
    return False


def with_filters(snapshot: Snapshot, definition: MarketDefinition, slug: str, wanted: dict) -> tuple:
    """(snapshot, definition) with a filter of one bookmaker."""
    changed = structs.replace(definition, filters={**definition.filters, slug: wanted})
    others = (one for one in snapshot.definitions if one.canonical_id != definition.canonical_id)
    return Snapshot((*others, changed), snapshot.version), changed
