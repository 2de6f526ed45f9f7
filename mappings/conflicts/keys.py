"""Who else claims the same source keys, or leads to the same market of BetPawa."""

from mappings.catalogue.loader import collide, text_key
from mappings.conflicts.finding import ERROR, INFO, WARNING, Conflict, listed
from mappings.definitions import REFERENCE
from mappings.services.resolving import without_key

MOST_SHOWN = 3  # source keys of a bookmaker in a sentence


def key_conflicts(proposal, with_draft, names):
    """Source keys that other mappings claim with the same outcomes, and who would get them."""
    mine = proposal.draft
    for canonical_id in proposal.taken_from:
        lost = proposal.present.by_canonical_id[canonical_id]
        told = f"{lost.name} ({canonical_id}) loses "
        if canonical_id in proposal.proposed.by_canonical_id:
            yield Conflict(INFO, "KEY_TAKEN_OFF", told + "the source key to this mapping.")
        else:
            yield Conflict(
                WARNING, "MAPPING_SWITCHED_OFF", told + "its only source key to this mapping, and is switched off."
            )
    lost_keys = [
        (slug, key, others)
        for slug, keys in mine.keys.items()
        if slug != REFERENCE
        for key in keys
        if (others := _rivals(with_draft, slug, key, mine))
    ]
    total = sum(len(keys) for slug, keys in mine.keys.items() if slug != REFERENCE)
    gets_nothing = total and sum(1 for *_, others in lost_keys if others[0][1]) == total
    for slug, key, others in lost_keys:
        other, other_wins = others[0]
        shared = _shared_texts(slug, mine, other)
        outcomes = f"; both take {listed(shared)}" if shared else ""
        claim = f"{names.get(slug, slug)} {key} is claimed by {other.name} ({other.canonical_id}) too{outcomes}. "
        if other_wins:
            severity = ERROR if gets_nothing else WARNING
            fix = None if gets_nothing else without_key(proposal.row, slug, key)
            yield Conflict(
                severity,
                "SAME_KEY",
                claim + f"That one comes first ({_why(other, mine)}), this one gets nothing of it.",
                fix,
            )
        else:
            yield Conflict(WARNING, "SAME_KEY", claim + f"This one would come first: {_why(mine, other)}.")


def _rivals(snapshot, slug, key, mine):
    """[(definition, whether it comes before ours)] of those that would answer for the same outcomes."""
    claims = [claim.definition for claim in snapshot.table(slug).lookup(key)]
    place = next((index for index, one in enumerate(claims) if one.canonical_id == mine.canonical_id), len(claims))
    return [
        (other, index < place)
        for index, other in enumerate(claims)
        if other.canonical_id != mine.canonical_id and collide(slug, mine, other)
    ]


def _why(winner, loser):
    if winner.origin != loser.origin:
        return "people's mappings come before built-in ones"
    if winner.priority != loser.priority:
        return f"its priority is {winner.priority}, the other's {loser.priority}"
    return "its id comes first in the alphabet"


def _shared_texts(slug, one, other):
    known = {text_key(slug, o.texts[slug]) for o in other.outcomes if slug in o.texts}
    return [o.texts[slug] for o in one.outcomes if slug in o.texts and text_key(slug, o.texts[slug]) in known]


def target_conflicts(proposal, with_draft, names):
    """A market of BetPawa that two mappings lead to, or none at all."""
    mine = proposal.draft
    if not mine.betpawa_id:
        yield Conflict(
            WARNING, "NO_TARGET", "BetPawa has no such market here: its odds would be recognised, and not stored."
        )
        return
    for other in with_draft.definitions:
        if other.canonical_id != mine.canonical_id and other.betpawa_id == mine.betpawa_id:
            is_new = proposal.before is None or proposal.before.betpawa_id != mine.betpawa_id
            text = (
                f"BetPawa's market {mine.betpawa_id} has a mapping already: {other.name} ({other.canonical_id}), for "
                f"{_keys_of(other, names)}. {'This would make' if is_new else 'This is'} a second one beside it: the "
                "outcomes of both feed one market, and where both map, the prices that come first stand. A second one "
                "is for keys with a filter or outcome texts of their own; others are added to the first."
            )
            yield Conflict(WARNING, "SAME_TARGET", text)


def _keys_of(definition, names):
    """ "SportyBet 45, 46 and Bet9ja S_CS": a rival's first three keys, and how many more."""
    parts = []
    for slug, keys in definition.keys.items():
        if slug != REFERENCE and keys:
            more = f" (and {len(keys) - MOST_SHOWN} more)" if len(keys) > MOST_SHOWN else ""
            parts.append(f"{names.get(slug, slug)} {', '.join(keys[:MOST_SHOWN])}{more}")
    return " and ".join(parts) or "no source key of a rival"
