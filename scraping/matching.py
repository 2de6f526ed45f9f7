"""Which of the bookmakers' listed events are the same fixture: equal SportRadar ids, and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from odds.models import EventLink
from odds.storage import EventRecord, LinkRecord

KICKOFF_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class MatchProblem:
    """Something a person should know about; the event is kept all the same."""

    code: str
    bookmaker_slug: str
    external_id: str
    detail: str


def match_events(listed_by_slug: Mapping[str, Iterable]) -> tuple[list[EventRecord], list[MatchProblem]]:
    """Group `ListedEvent`s of all bookmakers into one record per fixture, soonest kick-off first.

    listed_by_slug: in the registry's order; the first bookmaker that lists a fixture (BetPawa,
    where it does) lends its names, tournament and kick-off. An event without a SportRadar id is
    a record of its own, unless an earlier scrape already learned its id.
    """
    problems: list[MatchProblem] = []
    groups: dict[str, dict] = {}
    alone = []
    for slug, listed in listed_by_slug.items():
        listed = list(listed)
        learned = _learned_ids(slug, [event.external_id for event in listed if event.sportradar_id is None])
        seen: set[str] = set()
        for event in sorted(listed, key=lambda event: (event.kickoff_at, event.external_id)):
            if event.external_id in seen:
                continue
            seen.add(event.external_id)
            sportradar_id = event.sportradar_id or learned.get(event.external_id)
            if sportradar_id is None:
                alone.append(event)
                continue
            group = groups.setdefault(sportradar_id, {})
            if slug in group:
                problems.append(
                    MatchProblem(
                        "DUPLICATE_SPORTRADAR_ID",
                        slug,
                        event.external_id,
                        f"SportRadar id {sportradar_id} is already used by {group[slug].external_id}; kept unmatched.",
                    )
                )
                alone.append(event)
                continue
            group[slug] = event
    records = [_record(sportradar_id, group, problems) for sportradar_id, group in groups.items()]
    records += [_record(None, {event.bookmaker_slug: event}, problems) for event in alone]
    records.sort(key=lambda record: (record.kickoff_at, record.sportradar_id or "", record.home_team))
    return records, problems


def _learned_ids(slug, external_ids):
    """{external id: SportRadar id} of events whose list entry has no id but whose detail had one."""
    if not external_ids:
        return {}
    return dict(
        EventLink.objects.filter(
            bookmaker_slug=slug, external_id__in=external_ids, event__sportradar_id__isnull=False
        ).values_list("external_id", "event__sportradar_id")
    )


def _record(sportradar_id, group, problems):
    lead = next(iter(group.values()))
    for slug, event in group.items():
        if abs(event.kickoff_at - lead.kickoff_at) > KICKOFF_TOLERANCE:
            problems.append(
                MatchProblem(
                    "KICKOFF_DISAGREEMENT",
                    slug,
                    event.external_id,
                    f"{slug} says {event.kickoff_at:%Y-%m-%d %H:%M} UTC, "
                    f"{lead.bookmaker_slug} {lead.kickoff_at:%Y-%m-%d %H:%M} UTC.",
                )
            )
    return EventRecord(
        sportradar_id=sportradar_id,
        sport="football",
        tournament_name=lead.tournament_name,
        country=lead.country,
        home_team=lead.home_team,
        away_team=lead.away_team,
        kickoff_at=lead.kickoff_at,
        links=tuple(
            LinkRecord(
                bookmaker_slug=slug,
                external_id=event.external_id,
                home_team=event.home_team,
                away_team=event.away_team,
                kickoff_at=event.kickoff_at,
            )
            for slug, event in group.items()
        ),
    )
