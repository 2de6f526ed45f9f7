"""The questions that the queue can be asked, as a form above it."""

from django.utils.dateparse import parse_datetime

from mappings.distinct import distinct_values
from mappings.errors import ALL_CODES
from mappings.models import Band, UnmappedMarketLog
from mappings.queue_filter import NO_BAND, QueueFilter
from mappings.suggestions.vocabulary import FAMILY_WORDS, PERIOD_WORDS
from mappings.why_words import why_words
from oddsproject.desk.formats import lagos_text

MOST_CHOICES = 200
EVENTS = (2, 5, 10, 50, 100, 500)
OCCURRENCES = (2, 10, 100, 1000)


def filter_fields(asked: QueueFilter, names: dict) -> list[dict]:
    """One select per question: {name, label, value, choices: [(value, words)]}."""
    fields = [
        ("source", "Bookmaker", list(names.items())),
        (
            "family",
            "Family",
            [(value, family_words(value)) for value in distinct_values(UnmappedMarketLog, "family", MOST_CHOICES)],
        ),
        (
            "period",
            "Period",
            [
                (value, PERIOD_WORDS.get(value, value))
                for value in distinct_values(UnmappedMarketLog, "period", MOST_CHOICES)
            ],
        ),
        ("error_code", "Why", [(code, _capital(why_words(code))) for code in ALL_CODES]),
        ("band", "Suggestion", [*Band.choices, (NO_BAND, "None")]),
        ("min_events", "Events", [(str(least), f"{least} or more") for least in EVENTS]),
        ("min_occurrences", "Cycles seen", [(str(least), f"{least:,} or more") for least in OCCURRENCES]),
    ]
    if asked.announced:
        fields.append(("announced", "Announced", [(asked.announced, f"Announced {_day(asked.announced)}")]))
    return [_field(name, label, choices, getattr(asked, name)) for name, label, choices in fields]


def family_words(family):
    """ "1x2+btts" as people read it."""
    if "+" in family:
        return " and ".join(map(family_words, family.split("+")))
    if "|" in family:
        return " or ".join(map(family_words, family.split("|")))
    return FAMILY_WORDS.get(family, family.replace("_", " "))


def _day(announced):
    return lagos_text(parse_datetime(announced.partition("~")[0]))


def _capital(words):
    return words[0].upper() + words[1:]


def _field(name, label, choices, value):
    value = "" if value is None else str(value)
    if value and value not in dict(choices):
        choices = [*choices, (value, value)]  # an address may ask what the form does not offer
    return {"name": name, "label": label, "choices": choices, "value": value}
