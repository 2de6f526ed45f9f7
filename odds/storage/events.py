"""Tournaments, events and links from what discovery matched, set-based."""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from django.db import connection, transaction
from django.utils import timezone

from odds.models import Bookmaker, Event, EventLink, Tournament
from odds.storage import events_sql as sql
from odds.storage.records import EventRecord, LinkRecord
from oddsproject.locks import AdvisoryLock

log = structlog.get_logger(__name__)

# Held while events are upserted: a cycle's discovery and a batch that learned an id may meet.
_EVENT_FIELDS = ("home_team", "away_team", "kickoff_at", "tournament_id")
_LINK_FIELDS = ("external_id", "home_team", "away_team", "kickoff_at")
_LINK_STATE = ("missed_discoveries", "discovery_missed_at", "withdrawn_at")


@dataclass(frozen=True, slots=True)
class LinkProblem:
    """A listing that was not taken as it came. code: LINK_MOVED (its SportRadar id now names
    another fixture; it stays where it was), SECOND_LISTING (the fixture is listed twice; this one
    is left out), EXTERNAL_ID_CHANGED (taken; the bookmaker gave the fixture a new id)."""

    code: str
    bookmaker_slug: str
    external_id: str
    detail: str


class EventIds(dict):
    """{(bookmaker_slug, external_id): event id}. problems: the LinkProblems met on the way."""

    def __init__(self):
        super().__init__()
        self.problems: list[LinkProblem] = []


def upsert_events(records: Iterable[EventRecord]) -> EventIds:
    """Make or update the tournaments, events and links of matched records, in one transaction.

    An event is found by its SportRadar id, or by its link when it has none. An unmatched event
    whose id becomes known takes it, or hands its link and current odds over to the event that
    has it (its history stays where it was written). A link never moves between two fixtures with
    different ids: that is refused and reported. Names, tournament and kick-off follow the
    reference bookmaker where it lists the event, else whoever does. Rows that say the same
    already are not touched.
    """
    records = [_cleaned(record) for record in records]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [AdvisoryLock.UPSERT_EVENTS])
        upsert = _Upsert(records)
        upsert.run(cursor)
    for problem in upsert.ids.problems:
        log.warning(
            "odds.link_problem", code=problem.code, bookmaker=problem.bookmaker_slug, external_id=problem.external_id
        )
    return upsert.ids


class _Upsert:
    def __init__(self, records: list[EventRecord]):
        self.records = records
        self.ids = EventIds()
        self.listed = {(link.bookmaker_slug, link.external_id) for record in records for link in record.links}
        self.reference_slugs = set(Bookmaker.objects.filter(is_reference=True).values_list("slug", flat=True))
        self.tournaments = self._tournaments()
        links = list(
            EventLink.objects.filter(external_id__in={external_id for _, external_id in self.listed}).select_related(
                "event"
            )
        )
        links = [link for link in links if (link.bookmaker_slug, link.external_id) in self.listed]
        self.by_listing = {(link.bookmaker_slug, link.external_id): link for link in links}
        sportradar_ids = {record.sportradar_id for record in records if record.sportradar_id}
        events = Event.objects.filter(sportradar_id__in=sportradar_ids)
        self.by_sportradar_id = {event.sportradar_id: event for event in events}
        events = {link.event_id: link.event for link in links} | {e.pk: e for e in self.by_sportradar_id.values()}
        for link in links:
            link.event = events[link.event_id]
        self.by_pair = {
            (link.event_id, link.bookmaker_slug): link for link in EventLink.objects.filter(event_id__in=list(events))
        }
        self.by_pair.update({(link.event_id, link.bookmaker_slug): link for link in links})
        self.new_events: list[tuple[Event, EventRecord]] = []
        self.changed_events: dict[int, Event] = {}
        self.changed_links: dict[int, EventLink] = {}
        self.moved: list[tuple[EventLink, Event]] = []

    def run(self, cursor):
        placed: list[tuple[Event, EventRecord, LinkRecord]] = []
        for record in self.records:
            links = self._acceptable_links(record)
            if not links:
                continue
            event = self._event_for(record, links)
            placed += [(event, record, link) for link in links]
        new = [event for event, _ in self.new_events]
        Event.objects.bulk_create(new)
        new_links = self._place_links(placed)
        self._lock_links(cursor)
        if self.changed_events:
            now = timezone.now()
            for event in self.changed_events.values():
                event.updated_at = now
            changed = sorted(self.changed_events.values(), key=lambda event: event.pk)
            Event.objects.bulk_update(changed, ["sportradar_id", "updated_at", *_EVENT_FIELDS], batch_size=500)
        for link, event in self.moved:
            self._move(cursor, link, event)
        if self.changed_links:
            changed = sorted(self.changed_links.values(), key=lambda link: link.pk)
            EventLink.objects.bulk_update(changed, [*_LINK_FIELDS, *_LINK_STATE], batch_size=500)
        EventLink.objects.bulk_create(new_links)

    def _tournaments(self) -> dict[tuple[str, str], int]:
        wanted = sorted({(record.tournament_name, record.country) for record in self.records})
        known = {
            (name, country): pk
            for pk, name, country in Tournament.objects.filter(name__in={name for name, _ in wanted}).values_list(
                "pk", "name", "country"
            )
        }
        missing = [Tournament(name=name, country=country) for name, country in wanted if (name, country) not in known]
        for tournament in Tournament.objects.bulk_create(missing):
            known[tournament.name, tournament.country] = tournament.pk
        return known

    def _acceptable_links(self, record) -> list[LinkRecord]:
        """The record's links less those that belong to another fixture, which keep their place."""
        accepted = []
        for link in record.links:
            listing = (link.bookmaker_slug, link.external_id)
            known = self.by_listing.get(listing)
            owner = known.event.sportradar_id if known else None
            if record.sportradar_id and owner and owner != record.sportradar_id:
                self.ids[listing] = known.event_id
                self._report(
                    "LINK_MOVED",
                    link,
                    f"Known as SportRadar id {owner}, now listed with {record.sportradar_id}; it stays where it was.",
                )
            else:
                accepted.append(link)
        return accepted

    def _event_for(self, record, links) -> Event:
        event = self.by_sportradar_id.get(record.sportradar_id) if record.sportradar_id else None
        if event is None:
            known = [self.by_listing.get((link.bookmaker_slug, link.external_id)) for link in links]
            event = next((link.event for link in known if link is not None), None)
        if event is None:
            event = Event(sportradar_id=record.sportradar_id or None, sport=record.sport)
            self._describe(event, record)
            self.new_events.append((event, record))
        else:
            self._update_event(event, record)
        if event.sportradar_id:
            self.by_sportradar_id[event.sportradar_id] = event
        return event

    def _update_event(self, event, record):
        if event.sportradar_id is None and record.sportradar_id:
            event.sportradar_id = record.sportradar_id
            self._mark_changed(event)
        led_by_reference = record.links[0].bookmaker_slug in self.reference_slugs
        has_reference = any((event.pk, slug) in self.by_pair for slug in self.reference_slugs)
        if (led_by_reference or not has_reference) and self._describe(event, record):
            self._mark_changed(event)

    def _describe(self, event, record) -> bool:
        """Give the event the record's names, kick-off and tournament; returns whether they differed."""
        tournament_id = self.tournaments[record.tournament_name, record.country]
        values = (record.home_team, record.away_team, record.kickoff_at, tournament_id)
        if event.tournament_id and tuple(getattr(event, name) for name in _EVENT_FIELDS) == values:
            return False
        for name, value in zip(_EVENT_FIELDS, values, strict=True):
            setattr(event, name, value)
        return True

    def _mark_changed(self, event):
        if event.pk is not None:
            self.changed_events[event.pk] = event

    def _place_links(self, placed) -> list[EventLink]:
        """Update, move or make the links; returns the new ones."""
        new = {}
        for event, _, record in placed:
            listing = (record.bookmaker_slug, record.external_id)
            pair = (event.pk, record.bookmaker_slug)
            link = self.by_listing.get(listing)
            holder = self.by_pair.get(pair) or new.get(pair)
            if holder is not None and holder is not link:
                if link is not None or (holder.bookmaker_slug, holder.external_id) in self.listed:
                    detail = f"The event is already linked to {holder.external_id}; left out."
                    self._report("SECOND_LISTING", record, detail)
                    if link is not None:
                        self.ids[listing] = link.event_id
                    continue
                self._report("EXTERNAL_ID_CHANGED", record, f"Was {holder.external_id}.")
                link = holder
            if link is None:
                link = new[pair] = EventLink(event=event, bookmaker_slug=record.bookmaker_slug)
                self._fill(link, record)
            else:
                if link.event_id != event.pk:
                    self.moved.append((link, event))
                    self.by_pair[pair] = link
                if self._fill(link, record):
                    self.changed_links[link.pk] = link
            self.ids[listing] = event.pk
        return list(new.values())

    def _fill(self, link, record) -> bool:
        """Bring the link up to date with a listing; returns whether it differed."""
        wanted = {name: getattr(record, name) for name in _LINK_FIELDS}
        wanted |= {"missed_discoveries": 0, "discovery_missed_at": None, "withdrawn_at": None}
        differs = False
        for name, value in wanted.items():
            if getattr(link, name) != value:
                setattr(link, name, value)
                differs = True
        return differs

    def _lock_links(self, cursor):
        """In the writers' order and before the events, so that nobody waits in a circle: a writer
        holds its link while its new rows look up the event."""
        of_events = (link.pk for (event_id, _), link in self.by_pair.items() if event_id in self.changed_events)
        ids = sorted({*self.changed_links, *(link.pk for link, _ in self.moved), *of_events})
        if ids:
            cursor.execute(sql.LOCK_LINKS_BY_ID, [ids])

    def _move(self, cursor, link, event):
        """Hand an unmatched event's link over to the event that has its SportRadar id."""
        old_event_id = link.event_id
        cursor.execute(sql.MOVE_LINK, [event.pk, link.pk])
        cursor.execute(sql.MOVE_ODDS, [event.pk, old_event_id, link.bookmaker_slug])
        link.event = event
        log.info("odds.link_matched", link=link.pk, bookmaker=link.bookmaker_slug, event_id=event.pk, was=old_event_id)

    def _report(self, code, link, detail):
        self.ids.problems.append(LinkProblem(code, link.bookmaker_slug, link.external_id, detail))


def _cleaned(record: EventRecord) -> EventRecord:
    """Within what the columns hold; the decoders have cleaned the texts otherwise."""
    return EventRecord(
        sportradar_id=_cut(record.sportradar_id, 32) or None if record.sportradar_id else None,
        sport=_cut(record.sport, 20),
        tournament_name=_cut(record.tournament_name, 255),
        country=_cut(record.country, 100),
        home_team=_cut(record.home_team, 255),
        away_team=_cut(record.away_team, 255),
        kickoff_at=record.kickoff_at,
        links=tuple(
            LinkRecord(
                link.bookmaker_slug,
                _cut(link.external_id, 100),
                _cut(link.home_team, 255),
                _cut(link.away_team, 255),
                link.kickoff_at,
            )
            for link in record.links
        ),
    )


def _cut(text, length):
    return (text or "").replace("\x00", "")[:length]
