"""One event's odds side by side, as plain records for the event page.

The states are told apart here: offered, suspended, withdrawn, missing once, never offered.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import groupby

from odds.market_sections import OTHER, POPULAR_SECTION, SECTIONS, Section, is_popular, place_of, popular_place
from odds.models import Bookmaker, Event, MarketOddsCurrent
from odds.queries import event_detail, margin_percent


@dataclass(frozen=True)
class Price:
    """One outcome at one bookmaker. state: offered, suspended, withdrawn or never.
    against: "higher", "lower" or "" compared with the reference bookmaker. gap: signed difference."""

    state: str
    odds: str = ""
    against: str = ""
    gap: Decimal | None = None


@dataclass(frozen=True)
class BookOffer:
    """One market at one bookmaker; row None when it was never offered there. confirmed_at: only
    where it is not that of the whole event there, which stands at the head of the page."""

    slug: str
    row: MarketOddsCurrent | None
    margin: Decimal | None = None
    confirmed_at: datetime | None = None

    @property
    def is_withdrawn(self):
        return self.row is not None and self.row.unavailable_at is not None

    @property
    def is_missing_once(self):
        return self.row is not None and self.row.unavailable_at is None and self.row.missed_count > 0


@dataclass(frozen=True)
class MarketLine:
    """One market and line: outcomes [(name, [Price per bookmaker])], offers one per bookmaker."""

    market_id: str
    name: str
    line: Decimal | None
    groups: tuple
    offers: tuple
    outcomes: tuple

    @property
    def key(self):
        return f"{self.market_id}|{'' if self.line is None else self.line}"


@dataclass(frozen=True)
class SectionOfLines:
    """Market lines under one heading. is_copy: they stand under their family's heading as well."""

    section: Section
    lines: tuple
    is_open: bool
    is_copy: bool = False


@dataclass(frozen=True)
class Comparison:
    """An event with its bookmakers (reference first), their links and its market lines, which
    sections hold once each and the popular one again. groups: BetPawa's own tabs among them."""

    event: Event
    columns: tuple
    lines: tuple
    sections: tuple
    groups: tuple


def compare(event_id):
    """The Comparison of an event. Four queries, whatever the number of markets.

    Raises Event.DoesNotExist.
    """
    event, links, markets = event_detail(event_id)
    books = sorted(Bookmaker.objects.all(), key=lambda book: (not book.is_reference, book.position, book.slug))
    by_market = {}
    for row in (row for rows in markets.values() for row in rows):
        by_market.setdefault((row.betpawa_market_id, row.line), {})[row.bookmaker_slug] = row
    slugs = [book.slug for book in books]
    reference = next((book.slug for book in books if book.is_reference), None)
    lines = [_market_line(market, line, rows, slugs, reference, links) for (market, line), rows in by_market.items()]
    lines.sort(key=_order)
    return Comparison(
        event=event,
        columns=tuple((book, links.get(book.slug)) for book in books),
        lines=tuple(lines),
        sections=tuple(_sections(lines)),
        groups=tuple(sorted({group for line in lines for group in line.groups})),
    )


_SECTION_PLACES = {section.slug: place for place, section in enumerate((*SECTIONS, OTHER))}


def _order(line):
    section, place = place_of(line.market_id, line.groups)
    return (_SECTION_PLACES[section.slug], place, line.name.casefold(), line.market_id, *_ascending(line))


def _ascending(line):
    return line.line is not None, line.line if line.line is not None else Decimal(0)


def _sections(lines):
    """The popular lines, then all by family; the first heading is open."""
    popular = [line for line in lines if is_popular(line.market_id, line.line)]
    popular.sort(key=lambda line: (popular_place(line.market_id), *_ascending(line)))
    if popular:
        yield SectionOfLines(POPULAR_SECTION, tuple(popular), is_open=True, is_copy=True)
    by_family = groupby(lines, key=lambda line: place_of(line.market_id, line.groups)[0])
    for place, (section, found) in enumerate(by_family):
        yield SectionOfLines(section, tuple(found), is_open=not popular and place == 0)


def _market_line(market_id, line, rows, slugs, reference, links):
    named = rows.get(reference) or next(iter(rows.values()))
    names = []
    for slug in slugs:
        for outcome in rows[slug].outcomes if slug in rows else ():
            if outcome["name"] not in names:
                names.append(outcome["name"])
    by_slug = {slug: {o["name"]: o for o in row.outcomes} for slug, row in rows.items()}
    outcomes = []
    for name in names:
        base = _offered_odds(rows.get(reference), by_slug.get(reference, {}).get(name))
        prices = [
            _price(rows.get(slug), by_slug.get(slug, {}).get(name), None if slug == reference else base)
            for slug in slugs
        ]
        outcomes.append((name, tuple(prices)))
    return MarketLine(
        market_id=market_id,
        name=named.betpawa_market_name,
        line=line,
        groups=tuple(named.market_groups or ()),
        offers=tuple(_offer(slug, rows.get(slug), links.get(slug)) for slug in slugs),
        outcomes=tuple(outcomes),
    )


def _offer(slug, row, link):
    if row is None:
        return BookOffer(slug, None)
    is_own = link is None or row.last_confirmed_at != link.confirmed_at
    return BookOffer(slug, row, margin_percent(row), row.last_confirmed_at if is_own else None)


def _decimal(text):
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None


def _offered_odds(row, outcome):
    """The price when it can be backed now, else None: only such prices are compared."""
    if row is None or row.unavailable_at is not None or outcome is None or not outcome.get("is_active", True):
        return None
    return _decimal(outcome["odds"])


def _price(row, outcome, base):
    if row is None or outcome is None:
        return Price("never")
    if row.unavailable_at is not None:
        return Price("withdrawn", outcome["odds"])
    odds = _decimal(outcome["odds"])
    if not outcome.get("is_active", True):
        # Some bookmakers send 0 or 1 for what cannot be backed; that is no price.
        return Price("suspended", outcome["odds"] if odds is not None and odds > 1 else "")
    if base is None or odds is None or odds == base:
        return Price("offered", outcome["odds"])
    return Price("offered", outcome["odds"], "higher" if odds > base else "lower", odds - base)
