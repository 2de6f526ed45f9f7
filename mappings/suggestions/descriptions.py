"""What names, outcomes, rules texts and ids say of a source beside every BetPawa market.

None of it depends on prices, so it is kept from one state of the fixtures to the next, and only
what changed is read anew.
"""

from collections.abc import Sequence
from copy import copy

import numpy as np

from mappings.definitions import REFERENCE, MarketDefinition
from mappings.suggestions.catalogue_ids import KeySteps
from mappings.suggestions.features import PLACES, described, vetoed
from mappings.suggestions.markets import Source, Target
from mappings.suggestions.rules_texts import RulesTexts

MOST_KEPT = 4_000


class Descriptions:
    """targets: in a fixed order. fed: {slug: {BetPawa id: source keys that are mapped to it}}."""

    def __init__(self, definitions: Sequence[MarketDefinition], targets: list[Target]):
        self.definitions = tuple(definitions)
        self.targets = targets
        self.by_id = {target.betpawa_id: target for target in targets}
        self.fed: dict[str, dict[str, list[str]]] = {}
        for definition in self.definitions:
            for slug, keys in definition.keys.items():
                if slug != REFERENCE and definition.betpawa_id:
                    for key in keys:
                        self.fed.setdefault(slug, {}).setdefault(definition.betpawa_id, []).append(key)
        self._rules = RulesTexts(targets)
        self._steps: dict[str, KeySteps] = {}
        self._known: dict[tuple, tuple[list[Target], dict[int, np.ndarray]]] = {}

    def following(self, definitions: Sequence[MarketDefinition], targets: list[Target]) -> "Descriptions":
        """The descriptions of a later moment. They share what is known with these, where only what the
        newest fixture shows of some market's outcomes is another; else they begin anew."""
        if self.definitions != tuple(definitions) or not _alike(self.targets, targets):
            return Descriptions(definitions, targets)
        later = copy(self)
        # An equal target is the same object from here on, so that what it was compared with stays good.
        later.targets = [old if old == new else new for old, new in zip(self.targets, targets, strict=True)]
        if [target.rules_text for target in targets] != [target.rules_text for target in self.targets]:
            later._rules = RulesTexts(targets)
        later.by_id = {target.betpawa_id: target for target in later.targets}
        return later

    def of(self, source: Source) -> tuple[list[Target], np.ndarray]:
        """(targets that the source may be, their features as far as they need no prices); the rows are
        the caller's to change."""
        known = (source.slug, source.key, source.name, source.rules_text, source.coordinates)
        before, found = self._known.get(known, ((), {}))
        if before is not self.targets:
            found = self._refreshed(source, before, found)
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[known] = self.targets, found
        rows = np.array(list(found.values())).reshape(len(found), len(PLACES))
        targets = [self.targets[place] for place in found]
        rules = self._rules.likeness(source.rules_text)
        if rules:
            rows[:, PLACES["rules"]] += [rules.get(target.betpawa_id, 0.0) for target in targets]
        return targets, rows

    def _refreshed(self, source, before, found):
        changed = [
            place for place, target in enumerate(self.targets) if place >= len(before) or before[place] is not target
        ]
        if not changed:
            return found
        anew = set(changed)
        rows = {place: row for place, row in found.items() if place not in anew}
        possible = [place for place in changed if not vetoed(source, self.targets[place])]
        if possible:
            targets = [self.targets[place] for place in possible]
            ids = self._ids(source, targets, {place: found[place] for place in possible if place in found})
            rows |= zip(possible, self._described(source, targets, ids), strict=True)
        return dict(sorted(rows.items()))

    def _ids(self, source, targets, known):
        """{BetPawa id: what the key's pattern says}; the same as before for markets that were known."""
        if len(known) == len(targets):
            return {self.targets[place].betpawa_id: row[PLACES["ids"]] for place, row in known.items()}
        return self._steps_of(source.slug).support(source.key, targets)

    def _described(self, source, targets, ids):
        fed = self.fed.get(source.slug, {})
        for target in targets:
            values = described(source, target)
            values[PLACES["ids"]] = ids.get(target.betpawa_id, 0.0)
            values[PLACES["fed"]] = -1.0 if set(fed.get(target.betpawa_id, ())) - {source.key} else 0.0
            yield values

    def _steps_of(self, slug):
        if slug not in self._steps:
            known: dict[str, list[Target]] = {}
            for betpawa_id, keys in self.fed.get(slug, {}).items():
                for key in keys:
                    known.setdefault(key, []).append(self.by_id[betpawa_id])
            self._steps[slug] = KeySteps(known)
        return self._steps[slug]


def _alike(ones, others):
    return [_standing(one) for one in ones] == [_standing(other) for other in others]


def _standing(target):
    """What of a BetPawa market the ids' steps are learnt from."""
    read = target.coordinates
    parts = (read.family, read.statistic, read.period, read.subject, read.qualifiers)
    return target.betpawa_id, parts
