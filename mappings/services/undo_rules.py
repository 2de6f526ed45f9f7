"""What a batch did to ignore rules, and how it is taken back where nobody has changed them since."""

from dataclasses import dataclass

from django.db.models import F

from mappings.models import DecisionBatch, IgnoreRule
from mappings.services.undo_ground import Ground


@dataclass(frozen=True, slots=True)
class RulePlan:
    """One rule. old, new: as it was before and after the batch, None where there was none. version: with which
    a deleted one comes back; it never had that before, so that who has read it then reads that it changed."""

    id: int
    label: str
    outcome: str
    detail: str = ""
    old: dict | None = None
    new: dict | None = None
    version: int = 1


def plan_rules(batch: DecisionBatch, ground: Ground) -> list[RulePlan]:
    """One for each rule that the batch changed; its summary keeps them. A rule that the batch made is
    switched off, as its rows point to it; one that it deleted comes back under its number."""
    changes = {}
    for noted in batch.summary.get("rules", ()):
        first = changes.get(noted["id"], noted)
        # Deletions of earlier releases kept no version; no rule has had more of them than there were batches.
        changes[noted["id"]] = {"version": batch.pk, **noted, "old": first["old"]}
    names, plans = dict(ground.rule_names), []
    for id in reversed(changes):  # the last change first: it may give up a name that one before it needs
        plans.append(plan := _plan(ground.rules.get(id), names, **changes[id]))
        if plan.outcome == "restored":
            names[id] = plan.old["name"]
    return plans


def as_restored(plan: RulePlan) -> IgnoreRule:
    """The rule as carrying the plan out would leave it, not saved."""
    return IgnoreRule(pk=plan.id, **plan.old, version=plan.version)


def restore_rules(plans: list[RulePlan]):
    """Carry plans out."""
    for plan in plans:
        if plan.outcome != "restored":
            continue
        if plan.new is None:
            as_restored(plan).save(force_insert=True)
        else:
            IgnoreRule.objects.filter(pk=plan.id).update(**plan.old, version=F("version") + 1)


def kept_of(plans: list[RulePlan]) -> dict:
    """What the undo's own summary keeps, so that it can be undone."""
    restored = [plan for plan in plans if plan.outcome == "restored"]
    return {"rules": [{"id": plan.id, "old": plan.new, "new": plan.old} for plan in restored]} if restored else {}


def _plan(rule, names, id, old, new, version):
    label = (new or old)["name"]
    current = None if rule is None else {name: getattr(rule, name) for name in (new or old)}
    old = {**new, "is_active": False} if old is None else old
    if current == old:
        return RulePlan(id, label, "unchanged", "It is as it was before already.")
    if current != new:
        return RulePlan(id, label, "refused", "It was deleted since." if rule is None else "It was changed since.")
    if any(name == old["name"] for other, name in names.items() if other != id):
        return RulePlan(id, label, "refused", "Another rule has its name now.")
    return RulePlan(id, label, "restored", old=old, new=new, version=version + 1)
