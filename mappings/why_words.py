"""Why a market did not map, and what speaks for and against a suggestion, in words: one wording for every page."""

from mappings.errors import MappingErrorCode
from mappings.models import Band

WHY = {
    MappingErrorCode.UNKNOWN_MARKET: "not mapped yet",
    MappingErrorCode.UNSUPPORTED_PLATFORM: "BetPawa does not offer it",
    MappingErrorCode.UNKNOWN_PARAM_MARKET: "parameters that no mapping knows",
    MappingErrorCode.NO_MATCHING_OUTCOMES: "no outcome has a partner",
    MappingErrorCode.PARTIAL_OUTCOMES: "some outcomes have no partner",
    MappingErrorCode.INVALID_SPECIFIER: "its line cannot be read",
    MappingErrorCode.INVALID_ODDS: "its prices cannot be read",
    MappingErrorCode.INVALID_KEY_FORMAT: "its key cannot be read",
}
REASONS = {
    "name": "Name",
    "structure": "Structure",
    "rules": "Rules text",
    "prices": "Prices",
    "ids": "Catalogue ids",
    "others": "Other bookmakers",
    "fed": "Mapped already",
}
# What speaks against a pair of outcomes: (tone, words).
FLAGS = {
    "swapped": ("bad", "prices say: swapped"),
    "missing": ("warn", "no text of the bookmaker"),
}
BANDS = {
    Band.STRONG: "Strong: name, structure and prices of the same events agree and nothing speaks against it; where it "
    "was measured, none such was wrong",
    Band.LIKELY: "Likely: probably right, but something is missing for strong, such as prices that confirm it or a "
    "clear lead over the next; look at the outcomes",
    Band.WEAK: "Weak: a hint",
}


def why_words(code: str) -> str:
    """A code's words; of a code that is not known, the code itself, legibly."""
    return WHY.get(code, code.replace("_", " ").lower())


def flag_words(flag: str) -> str:
    return FLAGS[flag][1] if flag in FLAGS else flag


def reason_words(family: str) -> str:
    return REASONS.get(family, family.replace("_", " ").capitalize())


def band_words(band: str) -> str:
    return BANDS.get(band, "")


def missing_for_strong(suggestion) -> str:
    """What a suggestion lacks to be strong, as far as what is kept of it tells; "" for a strong one."""
    if suggestion.band == Band.STRONG:
        return ""
    reasons = [reason for reason in suggestion.reasons if isinstance(reason, dict)]
    against = [reason_words(str(one.get("family", ""))).lower() for one in reasons if (one.get("points") or 0) < 0]
    parts = ["another suggestion stands before it"] if suggestion.rank > 1 else []
    if against:
        parts.append(
            f"{', '.join(dict.fromkeys(against))} {'speaks' if len(set(against)) == 1 else 'speak'} against it"
        )
    if not suggestion.fixtures:
        parts.append("no prices of the same events to compare")
    return "Missing for strong: " + ("; ".join(parts) or "prices on more events, or a clear lead over the next") + "."
