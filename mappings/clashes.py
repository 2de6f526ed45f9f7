"""Source keys that two mappings in force claim for the same outcomes: who claims what, who gets it, and what
people may do about it. Each way out is one decision, and undone as any other."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError

from mappings import services
from mappings.cache import mapping_cache
from mappings.catalogue.loader import collide, takers, text_key
from mappings.deciding import deciding
from mappings.definitions import MarketDefinition
from mappings.models import UserMarketMapping
from mappings.services.resolving import without_key

OFF, LET_GO, FIRST = "off", "let_go", "first"


@dataclass(frozen=True, slots=True)
class Claimant:
    """definition: in force, claims the key. row: of a person; None for a built-in one, about which nothing can be
    decided but by overriding it. gets_it: no stronger one takes what it claims. texts: the bookmaker's, of its
    outcomes. ways: which of OFF, LET_GO, FIRST make sense."""

    definition: MarketDefinition
    row: UserMarketMapping | None
    gets_it: bool
    texts: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimedKey:
    """shared: the bookmaker's texts that more than one of the claimants takes. is_decided: a person's priority, or
    that people come before built-in mappings, says who gets nothing, and not the alphabet."""

    bookmaker_slug: str
    key: str
    claimants: list[Claimant] = field(default_factory=list)
    shared: tuple[str, ...] = ()
    is_decided: bool = False


def undecided_count() -> int:
    """Keys that nobody has decided about: only the alphabet says which of two mappings gets them."""
    return sum(not _is_decided(slug, _claims(slug, key, ids)) for (slug, key), ids in clashing_keys().items())


def clashing_keys() -> dict[tuple[str, str], set[str]]:
    """{(bookmaker, key): canonical ids} of the keys with a clash."""
    mapping_cache.refresh()
    sides: dict[tuple[str, str], set[str]] = {}
    for clash in mapping_cache.clashes:
        sides.setdefault((clash.bookmaker_slug, clash.key), set()).update((clash.winner, clash.loser))
    return sides


def claimed_twice() -> list[ClaimedKey]:
    """Every key with a clash, with all its claimants, the strongest first. One query where there is one."""
    sides = clashing_keys()
    ids = set().union(*sides.values())
    rows = {row.canonical_id: row for row in UserMarketMapping.objects.filter(canonical_id__in=ids, is_active=True)}
    return [_claimed(slug, key, ids, rows) for (slug, key), ids in sides.items()]


def _claimed(slug, key, ids, rows):
    claims = _claims(slug, key, ids)
    winners, claimants = takers(slug, claims), []
    for definition in claims:
        row = rows.get(definition.canonical_id) if definition.origin == "db" else None
        gets_it = definition in winners
        ways = () if row is None else (OFF, LET_GO) if gets_it else (OFF, LET_GO, FIRST)
        texts = tuple(outcome.texts[slug] for outcome in definition.outcomes if slug in outcome.texts)
        claimants.append(Claimant(definition, row, gets_it, texts, ways))
    return ClaimedKey(slug, key, claimants, _shared(slug, claimants), _is_decided(slug, claims))


def _claims(slug, key, ids):
    """The definitions of the key's clashes, the strongest first."""
    return [claim.definition for claim in mapping_cache.lookup(slug, key) if claim.canonical_id in ids]


def _is_decided(slug, claims):
    """Whether each that gets nothing loses to one that is more than first in the alphabet."""
    winners = takers(slug, claims)
    return all(
        any(_rank(winner) > _rank(one) and collide(slug, one, winner) for winner in winners)
        for one in claims
        if one not in winners
    )


def _rank(definition):
    return definition.origin == "db", definition.priority


def _shared(slug, claimants):
    """Texts, as the first has them, that more than one claimant takes."""
    seen: dict[str, list[str]] = {}
    for claimant in claimants:
        for text in claimant.texts:
            seen.setdefault(text_key(slug, text), []).append(text)
    return tuple(texts[0] for texts in seen.values() if len(texts) > 1)


def settle(*, slug: str, key: str, canonical_id: str, way: str, version: int | None, user, reason: str = ""):
    """One way out of a clash: the mapping is switched OFF, its key is LET_GO, or it comes FIRST. Returns the
    MappingChange.

    Raises ValidationError where that clash, or that way out of it, is not there any more, and StaleVersion where
    somebody has changed the mapping since it was read."""
    reason = reason or f"{slug} {key} was claimed by more than one mapping."
    with deciding("mapping", user, reason):
        found = next((one for one in claimed_twice() if (one.bookmaker_slug, one.key) == (slug, key)), None)
        claimants = {one.definition.canonical_id: one for one in found.claimants} if found else {}
        claimant = claimants.get(canonical_id)
        if claimant is None or way not in claimant.ways:
            raise ValidationError("That clash is settled already, or this is no way out of it any more.")
        signed = {"canonical_id": canonical_id, "user": user, "reason": reason, "version": version}
        if way == OFF:
            return services.deactivate_mapping(**signed)
        if way == LET_GO:
            return services.update_mapping(changes=without_key(claimant.row, slug, key), **signed)
        highest = max(one.definition.priority for one in found.claimants)
        return services.update_mapping(changes={"priority": highest + 1}, **signed)
