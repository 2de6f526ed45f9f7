"""What the name and the outcomes of a market say about it, in the words of a mapping. Pure."""

from mappings.catalogue.loader import LINE_OF_KIND
from mappings.models import MappingKind
from mappings.suggestions.coordinates import Coordinates

KIND_OF_FAMILY = {
    "over_under": (MappingKind.OVER_UNDER, None),
    "handicap_3way": (MappingKind.HANDICAP_3WAY, None),
    "handicap_2way": (MappingKind.ASIAN_HANDICAP, None),
    "exact": (MappingKind.VARIANT, "exact_count"),
    "range": (MappingKind.VARIANT, "ranges"),
    "multigoals": (MappingKind.VARIANT, "overlapping_ranges"),
    "correct_score": (MappingKind.VARIANT, "correct_score"),
}
SUBJECT_OF_STATISTIC = {"bookings": "cards"}


def values_of_coordinates(name: str, coordinates: Coordinates) -> dict:
    """{field: value} of a new mapping, as services.create_mapping takes them."""
    plain = (MappingKind.COMBO if len(coordinates.parts) > 1 else MappingKind.SIMPLE, None)
    kind, subkind = KIND_OF_FAMILY.get(coordinates.family, plain)
    return {
        "name": name[:255],
        "kind": kind.value,
        "subkind": "player" if coordinates.subject == "player" else subkind,
        "period": coordinates.period[:20] or "FT",
        "subject": SUBJECT_OF_STATISTIC.get(coordinates.statistic, coordinates.statistic)[:20] or "goals",
        "side": coordinates.side,
        "line_semantics": LINE_OF_KIND.get(kind.value),
    }
