"""Which outcome of a market a bookmaker's text means: the pairing that a person then checks. Pure.

Exact words only. A wrong guess that looks right costs more than an empty field.
"""

import re

from mappings.outcome_order import in_order
from mappings.outcome_text import comparable

# Different words for the same thing, across the three bookmakers and their languages of codes.
_SAME = (
    ("home", "1", "h"),
    ("draw", "x", "d"),
    ("away", "2", "a"),
    ("over", "o", "ov"),
    ("under", "u", "un"),
    ("yes", "y", "gg"),
    ("no", "n", "ng"),
    ("odd", "od"),
    ("even", "ev"),
    ("1x", "home or draw", "1/x", "home/draw"),
    ("12", "home or away", "1/2", "home/away"),
    ("x2", "draw or away", "x/2", "draw/away"),
)
_MEANING = {word: group[0] for group in _SAME for word in group}
LINE_PARAMETERS = ("total", "hcp")
_SPACED = re.compile(r"\s*([:/&+-])\s*")


def meaning(text):
    """What texts are compared by: one word for each of its ways of being written."""
    plain = _SPACED.sub(r"\1", comparable(str(text)))
    if plain in _MEANING:
        return _MEANING[plain]
    return re.sub(r"(?<=\d):(?=\d)", "-", plain)


def sample_texts(sample):
    """[(the bookmaker's own text, label for people, price)] of a queue row, without the line in the text,
    in the order that people expect."""
    texts = {}
    for outcome in _outcomes(sample):
        own = str(outcome.get("key") or outcome.get("text") or "")
        own = comparable_keeping_case(own, _line_texts(str(outcome.get("specifier") or "")))
        if own and own not in texts:
            texts[own] = (own, str(outcome.get("text") or own), str(outcome.get("price") or ""))
    return list(texts.values())


def _line_texts(specifier):
    """The numbers of a specifier that are its line: of total and hcp, or a bare number. Others, as in
    variant=sr:exact_goals:6+, name the outcomes."""
    parts = [part.partition("=")[::2] for part in specifier.split("|")]
    values = [value if value else name for name, value in parts if not value or name in LINE_PARAMETERS]
    return [number for value in values for number in re.findall(r"[-+]?\d+(?:\.\d+)?", value)]


def sample_pairs(sample):
    """[(label, price or "")] of a queue row's sample outcomes, for chips and tables, as people expect them."""
    return [(_label(outcome) or "–", str(outcome.get("price") or "")) for outcome in _outcomes(sample)]


def _outcomes(sample):
    """A queue row's sample outcomes, line by line."""
    outcomes = [outcome for outcome in sample if isinstance(outcome, dict)] if isinstance(sample, list) else []
    return in_order(outcomes, text=_label, line=lambda one: " ".join(_line_texts(str(one.get("specifier") or ""))))


def _label(outcome):
    return str(outcome.get("text") or outcome.get("key") or "")


def comparable_keeping_case(text, line_texts):
    """The text without the numbers of its line: "Over 2.5" with total=2.5 is "Over"."""
    for number in line_texts:
        text = re.sub(rf"(?<![\w.+:-])[+]?{re.escape(number)}(?![\w.:])", " ", text)
    return " ".join(text.split())


def pair(definition, slug, samples):
    """{canonical outcome id: the bookmaker's text} for outcomes that have none there yet."""
    by_meaning = {}
    for own, label, _ in samples:
        for text in (own, label):
            by_meaning.setdefault(meaning(text), own)
    found, taken = {}, {outcome.texts[slug] for outcome in definition.outcomes if slug in outcome.texts}
    for outcome in definition.outcomes:
        if slug in outcome.texts:
            continue
        candidates = [*outcome.texts.values(), outcome.canonical_id]
        own = next((by_meaning[meaning(text)] for text in candidates if meaning(text) in by_meaning), None)
        if own is not None and own not in taken:
            found[outcome.canonical_id] = own
            taken.add(own)
    return found


def nearness(question, name):
    """How well a market's name answers a search, 0 for not at all: every letter in order, or shared words."""
    asked, named = _letters(question), _letters(name)
    if not asked:
        return 0.0
    if asked in named:
        return 2.0 + len(asked) / max(len(named), 1)
    words, others = set(re.findall(r"\w+", question.casefold())), set(re.findall(r"\w+", name.casefold()))
    shared = len(words & others) / max(len(words | others), 1)
    at = 0
    for letter in asked:
        at = named.find(letter, at) + 1
        if at == 0:
            return shared
    return 1.0 + shared


def _letters(text):
    return re.sub(r"[\W_]", "", text.casefold())
