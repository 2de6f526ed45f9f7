"""Until when: what people choose on the desk, as times and conditions."""

from datetime import datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

MORNING = time(9)
UNITS = ("hours", "days")

SNOOZES = (
    ("hours:1", "For an hour"),
    ("tomorrow", "Until tomorrow, 9:00"),
    ("days:3", "For 3 days"),
    ("days:7", "For a week"),
)
IGNORES = (
    ("forever", "For good"),
    ("family", "Until BetPawa offers the family"),
    ("events", "Until twice as many events carry it"),
    ("days:7", "For a week"),
    ("days:30", "For 30 days"),
)


def moment(choice: str, at: str = "") -> datetime:
    """ "hours:1", "days:3", "tomorrow" at nine as people's clocks show it, or "at" with a local time
    ("2026-11-24T18:30"). Raises ValidationError."""
    if choice == "tomorrow":
        return timezone.make_aware(datetime.combine(timezone.localdate() + timedelta(days=1), MORNING))
    if choice == "at":
        return _local(at)
    unit, _, number = choice.partition(":")
    if unit not in UNITS or not (number.isascii() and number.isdigit()) or len(number) > 3:
        raise ValidationError({"until": "Until when?"})
    return timezone.now() + timedelta(**{unit: int(number)})


def condition(choice: str, at: str = "") -> dict | None:
    """Until when something stays ignored, as services.ignore takes it."""
    if choice in ("", "forever"):
        return None
    if choice == "family":
        return {"kind": "betpawa_family"}
    if choice == "events":
        return {"kind": "events"}
    return {"kind": "date", "at": moment(choice, at)}


def _local(text):
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise ValidationError({"until": "A day and a time are needed."})
    return timezone.make_aware(found) if timezone.is_naive(found) else found
