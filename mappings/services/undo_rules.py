"""What a batch did to an ignore rule, and how it is taken back where nobody has changed it since."""

from dataclasses import dataclass

from django.db.models import F

from mappings.models import DecisionBatch, IgnoreRule


@dataclass(frozen=True, slots=True)
class RulePlan:
    """old, new: the rule before and after the batch, None where there was none."""

    id: int
    label: str
    outcome: str
    detail: str = ""
    old: dict | None = None
    new: dict | None = None


def plan_rules(batch: DecisionBatch, *, lock: bool) -> list[RulePlan]:
    """At most one: a batch changes one rule, and keeps it in its summary. A rule that the batch made
    is switched off, as its rows point to it; one that it deleted comes back under its number."""
    noted = batch.summary.get("rule")
    if not noted:
        return []
    id, old, new = noted["id"], noted["old"], noted["new"]
    rules = IgnoreRule.objects.filter(pk=id)
    rule = (rules.select_for_update() if lock else rules).first()
    label = (new or old)["name"]
    current = None if rule is None else {name: getattr(rule, name) for name in (new or old)}
    old = {**new, "is_active": False} if old is None else old
    if current == old:
        return [RulePlan(id, label, "unchanged", "It is as it was before already.")]
    if current != new:
        return [RulePlan(id, label, "refused", "It was deleted since." if rule is None else "It was changed since.")]
    if new is None and IgnoreRule.objects.filter(name=old["name"]).exists():
        return [RulePlan(id, label, "refused", "Another rule has its name now.")]
    return [RulePlan(id, label, "restored", old=old, new=new)]


def restore_rules(plans: list[RulePlan]) -> dict:
    """Carry plans out; returns what the undo's own summary keeps, so that it can be undone."""
    for plan in plans:
        if plan.outcome != "restored":
            continue
        if plan.new is None:
            IgnoreRule(pk=plan.id, **plan.old).save(force_insert=True)
        else:
            IgnoreRule.objects.filter(pk=plan.id).update(**plan.old, version=F("version") + 1)
        return {"rule": {"id": plan.id, "old": plan.new, "new": plan.old}}
    return {}
