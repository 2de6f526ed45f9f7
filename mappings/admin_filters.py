"""The questions that the queue can be asked, as a form above it."""

from mappings.distinct import distinct_values
from mappings.errors import ALL_CODES
from mappings.models import UnmappedMarketLog
from mappings.queue_filter import QueueFilter
from mappings.suggestions.vocabulary import FAMILY_WORDS, PERIOD_WORDS

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
        ("error_code", "Why", [(code, code.replace("_", " ").capitalize()) for code in ALL_CODES]),
        ("min_events", "Events", [(str(least), f"{least} or more") for least in EVENTS]),
        ("min_occurrences", "Cycles seen", [(str(least), f"{least:,} or more") for least in OCCURRENCES]),
    ]
    return [_field(name, label, choices, getattr(asked, name)) for name, label, choices in fields]


def family_words(family):
    """ "1x2+btts" as people read it."""
    if "+" in family:
        return " and ".join(map(family_words, family.split("+")))
    if "|" in family:
        return " or ".join(map(family_words, family.split("|")))
    return FAMILY_WORDS.get(family, family.replace("_", " "))


def _field(name, label, choices, value):
    value = "" if value is None else str(value)
    if value and value not in dict(choices):
        choices = [*choices, (value, value)]  # an address may ask what the form does not offer
    return {"name": name, "label": label, "choices": choices, "value": value}
