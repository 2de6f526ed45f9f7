"""A ranked candidate as it is stored and shown: pairing, waterfall, fixtures."""

import re
from typing import NamedTuple

from mappings.definitions import REFERENCE
from mappings.grammars import grammar_of
from mappings.suggestions.coordinates import template
from mappings.suggestions.markets import Source, Target, roles_for
from mappings.suggestions.observations import label_of
from mappings.suggestions.ranking import Ranked, World, rank
from mappings.suggestions.reasons import headline, waterfall
from mappings.suggestions.roles import roles_of
from mappings.suggestions.rules_texts import differences
from mappings.suggestions.scoring import Model

MOST_FIXTURES = 12
MOST_PAIRED = 60
LEAST_SHARE = 0.005
OK, MISSING, SWAPPED = "", "missing", "swapped"


class Offer(NamedTuple):
    """One suggestion. pairing, reasons, fixtures: as in MarketSuggestion."""

    rank: int
    betpawa_id: str
    canonical_id: str
    name: str
    confidence: float
    band: str
    score: float
    reasons: list
    pairing: list
    fixtures: list

    @property
    def headline(self) -> str:
        return headline(self.reasons)


def offers_of(world: World, source: Source, model: Model, *, without=()) -> list[Offer]:
    """Up to five, best first; [] when BetPawa has nothing like it."""
    ranked = [one for one in rank(world, source, model, without=without) if one.share >= LEAST_SHARE]
    return [_offer(world, source, model, number, one) for number, one in enumerate(ranked, 1)]


def _offer(world, source, model, number, ranked):
    target = ranked.candidate.target
    reasons = waterfall(source, ranked, model)
    if ranked.twin and number == 1:
        reasons.append({"family": "twins", "points": 0.0, "text": f"only names and rules tell it from {ranked.twin}"})
    told = differences(source.rules_text, target.rules_text)
    if told:
        reasons.append({"family": "rules", "points": 0.0, "text": "; ".join(told)})
    return Offer(
        rank=number,
        betpawa_id=target.betpawa_id,
        canonical_id=target.canonical_id,
        name=target.name[:255],
        confidence=round(ranked.confidence, 4),
        band=str(ranked.band),
        score=round(ranked.score, 3),
        reasons=reasons,
        pairing=pairing_of(world, source, target, ranked),
        fixtures=_fixtures(world, ranked),
    )


def pairing_of(world: World, source: Source, target: Target, ranked: Ranked) -> list[dict]:
    """[{canonicalId, betpawaName, text, label, flag}], one per outcome of the BetPawa market.

    text: as a mapping holds it, "" where nothing is paired. [] for players: their names pair them.
    """
    definition = target.definition
    if target.is_player or (definition is not None and definition.is_dynamic):
        return []
    shown = {label_of(source.slug, text): label for text, label in source.displays.items()} | dict(source.displays)
    paired = {name: label for label, name in ranked.candidate.prices.pairing.items()}
    by_role = _by_role(world, source, shown)
    flag = SWAPPED if ranked.candidate.prices.swapped else OK
    found, used = [], set(paired.values())
    for canonical_id, name in _outcomes(target):
        label = paired.get(name, "")
        if not label:
            (role,) = roles_of((template(name),)) if len(target.texts) == 1 else (_role(target, name),)
            label = by_role.get(role, "") if role else ""
            label = "" if label in used else label
        used.add(label)
        found.append(
            {
                "canonicalId": canonical_id,
                "betpawaName": name,
                "text": _stored(source.slug, label),
                "label": _capital(shown.get(label, label)),
                "flag": flag if label else MISSING,
            }
        )
    return found[:MOST_PAIRED]


def _by_role(world, source, shown):
    series = world.series(source.slug, source.key)
    labels = series.labels if series is not None else tuple(label_of(source.slug, text) for text in source.displays)
    return {role: label for label, role in zip(labels, roles_for(source, labels), strict=True) if role}


def _outcomes(target):
    """[(canonical id, BetPawa's name)]"""
    if target.definition is not None and target.definition.outcomes:
        named = [(o.canonical_id, o.texts[REFERENCE]) for o in target.definition.outcomes if REFERENCE in o.texts]
        return named or [(o.canonical_id, o.name) for o in target.definition.outcomes]
    return [(re.sub(r"[^a-z0-9+]+", "_", text.casefold()).strip("_") or "outcome", text) for text in target.texts]


def _role(target, name):
    for text, role in zip(target.texts, roles_of(tuple(template(text) for text in target.texts)), strict=True):
        if text == name:
            return role
    return ""


def _stored(slug, label):
    return label if not grammar_of(slug).has_team_names else _capital(label)


def _capital(text):
    return text[:1].upper() + text[1:]


def _fixtures(world, ranked):
    nearest = list(ranked.candidate.prices.by_fixture.items())[:MOST_FIXTURES]
    return [{"eventKey": world.views[number].event_key, "distance": round(distance, 4)} for number, distance in nearest]
