"""Asking again for the events of pieces that were set aside."""

from collections.abc import Iterable
from dataclasses import dataclass

from odds.models import Event
from scraping import services
from scraping.models import ScrapeRun, SetAsideItem

MAX_EVENTS = 20  # in one go: each is a run that asks every bookmaker of the event


@dataclass(frozen=True, slots=True)
class TriedAgain:
    """What became of one piece. run: the refresh that asks for it; None, and `words` say why not."""

    item: SetAsideItem
    words: str
    run: ScrapeRun | None = None


def try_again(items: Iterable[SetAsideItem], *, user) -> list[TriedAgain]:
    """Enqueue one refresh per event of the items, at most MAX_EVENTS; one TriedAgain per item, in order.

    A piece that can be read now is stored and not seen again; one that cannot counts up.
    """
    items = list(items)
    events = Event.objects.in_bulk({item.event_id for item in items if item.event_id is not None})
    tried: dict[int, TriedAgain] = {}
    return [_of_item(item, events.get(item.event_id), tried, user) for item in items]


def _of_item(item, event, tried, user) -> TriedAgain:
    if event is None:
        return TriedAgain(item, "Its event is not known any more.")
    if event.pk not in tried:
        if len(tried) >= MAX_EVENTS:
            return TriedAgain(item, f"Left out: {MAX_EVENTS} events are asked for at once. Try again for the rest.")
        tried[event.pk] = _of_event(item, event, user)
    run = tried[event.pk].run
    if run is not None and item.bookmaker_slug not in run.bookmakers:
        return TriedAgain(item, f"Run {run.pk} does not ask this bookmaker: it is switched off, or lost the event.")
    return TriedAgain(item, tried[event.pk].words, run)


def _of_event(item, event, user) -> TriedAgain:
    if event.sportradar_id is None:
        return TriedAgain(item, "Its event has no SportRadar id, so it is asked for by cycles only.")
    try:
        run = services.refresh_event(sportradar_id=event.sportradar_id, user=user)
    except services.CycleRefused as refusal:
        return TriedAgain(item, str(refusal))
    return TriedAgain(item, f"Asked for again, as run {run.pk}.", run)
