"""Rules that ignore markets as they come, before anybody is told of them.

The first active rule by position that fits decides. A rule looks at markets that are new to the
desk: what a person has decided about, or taken back from a rule, no rule touches again.

Whoever changes or applies a rule locks it before any row, for rows point to it; whoever changes one
takes turns with who undoes, as an undo may make rows point to any rule again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BigIntegerField, Case, F, Max, Q, QuerySet, When
from django.db.models.functions import Cast
from django.utils import timezone

from mappings.actors import name_of
from mappings.bulk import chunks
from mappings.deciding import deciding, take_turn
from mappings.definitions import SLUG
from mappings.families import name_families
from mappings.models import IgnoreRule, Tab, UnmappedMarketLog, UnmappedStatus
from mappings.services.conditions import needs_a_family, read_until, stored_until
from mappings.services.decisions import ALREADY, decide, fresh_decision, note, refuse, text_of
from mappings.services.queue import reopen

log = structlog.get_logger(__name__)

TEXTS = {"source": 20, "name_contains": 100, "key_prefix": 100, "family": 40, "period": 20}
NUMBERS = ("key_from", "key_to")
LARGEST_KEY = 10**17
EDITABLE = ("name", "position", "is_active", "conditions", "until", "reason")
SAMPLE = 5
IGNORED = UnmappedStatus.IGNORED


@dataclass(frozen=True, slots=True)
class RuleChange:
    """rule: as it is now (as it was, when deleted). ignored, reopened: queue rows. batch_id: what
    undoes it; None when nothing changed."""

    rule: IgnoreRule
    outcome: str
    ignored: int = 0
    reopened: int = 0
    batch_id: int | None = None


class StaleRule(Exception):
    """Somebody has changed the rule since it was read. current: its version now."""

    def __init__(self, current):
        super().__init__(f"The rule was changed meanwhile; the version is now {current}.")
        self.current = current


# --- What a rule says ---------------------------------------------------------------------------


def checked_conditions(conditions) -> dict:
    """The conditions in their stored form. Raises ValidationError, which names the part."""
    if not isinstance(conditions, Mapping):
        raise ValidationError({"conditions": "An object of conditions is needed."})
    unknown = sorted(set(conditions) - set(TEXTS) - set(NUMBERS))
    if unknown:
        raise ValidationError({"conditions": f"Not known: {', '.join(unknown)}."})
    found = {}
    for name, value in conditions.items():
        if value in (None, ""):
            continue
        found[name] = _number(name, value) if name in NUMBERS else _text(name, value)
    if not found:
        raise ValidationError({"conditions": "At least one condition is needed: a rule for everything hides the desk."})
    if found.get("key_from", 0) > found.get("key_to", LARGEST_KEY):
        raise ValidationError({"conditions": "key_from lies above key_to."})
    return found


def matching(conditions: Mapping) -> QuerySet:
    """The rows of the queue, in whatever state, that fit all conditions."""
    rows = UnmappedMarketLog.objects.order_by()
    wanted = Q()
    for name, column in _COLUMNS.items():
        if name in conditions:
            wanted &= Q(**{column: conditions[name]})
    if not set(NUMBERS).isdisjoint(conditions):
        # A key that is no number is in no range; the CASE keeps it from being read as one.
        is_number = When(external_market_id__regex=r"^[0-9]{1,18}$", then=Cast("external_market_id", BigIntegerField()))
        rows = rows.alias(key_number=Case(is_number))
        wanted &= Q(key_number__gte=conditions.get("key_from", 0))
        wanted &= Q(key_number__lte=conditions.get("key_to", LARGEST_KEY))
    return rows.filter(wanted)


def preview(conditions: Mapping, sample: int = SAMPLE) -> tuple[int, list[UnmappedMarketLog]]:
    """(how many rows it would ignore now, the first of them by priority)."""
    rows = _open_rows(checked_conditions(conditions))
    return rows.count(), list(rows.defer("rules_text").order_by("-priority", "-id")[:sample])


def newest_row() -> int:
    """The highest id in the queue: what comes later, a call of apply_rules has not looked at."""
    return UnmappedMarketLog.objects.aggregate(newest=Max("id"))["newest"] or 0


def apply_rules() -> int:
    """Ignore what is new and fits a rule; returns how many rows. One batch for each rule that hit."""
    fresh = UnmappedMarketLog.objects.filter(_FRESH)
    rules = list(IgnoreRule.objects.filter(is_active=True))
    if not rules or not fresh.exists():
        return 0
    if any({"family", "period"} & set(rule.conditions) for rule in rules):
        name_families(fresh)
    return sum(_apply_to_fresh(rule) for rule in rules)


# --- Changing rules -----------------------------------------------------------------------------


def create_rule(
    *,
    name: str,
    conditions: Mapping,
    user,
    until: Mapping | None = None,
    reason: str = "",
    position: int | None = None,
    is_active: bool = True,
    apply_now: bool = True,
) -> RuleChange:
    """A new rule, last in order unless a position is given. apply_now: also ignore what it fits
    among the rows that are in the New tab, as preview counted them."""
    rule = IgnoreRule(is_active=is_active, created_by=name_of(user)[:150])
    last = IgnoreRule.objects.aggregate(last=Max("position"))["last"]
    given = {"name": name, "conditions": conditions, "until": until, "reason": reason}
    given["position"] = position if position is not None else (0 if last is None else last + 1)
    _assign(rule, given)
    with deciding("rule", user, text_of(reason)) as batch:
        take_turn()
        _save(rule)
        note(batch, more=1)
        _noted(batch, rule.pk, None, snapshot_of(rule))
        ignored = _apply(rule, _open_rows(rule.conditions), user) if apply_now and rule.is_active else 0
    log.info("ignore_rule.created", rule=rule.pk, user=name_of(user), ignored=ignored)
    return RuleChange(rule, "created", ignored=ignored, batch_id=batch.pk)


def update_rule(
    *, id: int, changes: Mapping, user, reason: str = "", version: int | None = None, reopen_rows: bool = False,
    apply_now: bool = False,
) -> RuleChange:  # fmt: skip
    """Change some of name, position, is_active, conditions, until, reason. reopen_rows: what it has
    ignored comes back first. Raises StaleRule, ValidationError, IgnoreRule.DoesNotExist."""
    with deciding("rule", user, reason) as batch:
        take_turn()
        rule = _locked(id, version)
        old = snapshot_of(rule)
        _assign(rule, changes)
        if snapshot_of(rule) == old and not reopen_rows and not apply_now:
            return RuleChange(rule, "unchanged")
        rule.version += 1
        _save(rule)
        note(batch, more=1)
        _noted(batch, rule.pk, old, snapshot_of(rule))
        reopened = _reopen(rule, user) if reopen_rows else 0
        ignored = _apply(rule, _open_rows(rule.conditions), user) if apply_now and rule.is_active else 0
    log.info("ignore_rule.updated", rule=id, user=name_of(user), ignored=ignored, reopened=reopened)
    return RuleChange(rule, "updated", ignored, reopened, batch.pk)


def delete_rule(
    *, id: int, user, reason: str = "", version: int | None = None, reopen_rows: bool = False
) -> RuleChange:
    """Without reopen_rows what it has ignored stays ignored, as if a person had done it."""
    with deciding("rule", user, reason) as batch:
        take_turn()
        rule = _locked(id, version)
        old = snapshot_of(rule)
        reopened = _reopen(rule, user) if reopen_rows else 0
        rule.delete()
        note(batch, more=1)
        _noted(batch, id, old, None, version=rule.version)
    log.info("ignore_rule.deleted", rule=id, user=name_of(user), reopened=reopened)
    return RuleChange(rule, "deleted", reopened=reopened, batch_id=batch.pk)


def snapshot_of(rule: IgnoreRule) -> dict:
    return {name: getattr(rule, name) for name in EDITABLE} | {"created_by": rule.created_by}


# --- Carrying out -------------------------------------------------------------------------------

_COLUMNS = {
    "source": "source",
    "name_contains": "market_name__icontains",
    "key_prefix": "external_market_id__startswith",
    "family": "family",
    "period": "period",
}
# Nobody was told of it, and nobody has decided about it. idx_unmapped_to_alert.
_FRESH = Q(status=UnmappedStatus.NEW, alerted_at=None, reopened_reason=None, decided_at=None, snoozed_until=None)


def _open_rows(conditions):
    unclaimed = Q(claimed_by=None) | Q(claim_expires_at__lte=timezone.now())
    return matching(conditions).filter(unclaimed, tab=Tab.NEW)


def _apply_to_fresh(rule):
    """As the rule is when nobody changes it any more; most of the time there is nothing, and nothing is locked."""
    if not matching(rule.conditions).filter(_FRESH).exists():
        return 0
    with transaction.atomic():
        rule = IgnoreRule.objects.select_for_update(no_key=True).filter(pk=rule.pk, is_active=True).first()
        return 0 if rule is None else _apply(rule, matching(rule.conditions).filter(_FRESH))


def _apply(rule, rows, user=None):
    """Ignore these by the rule; as its own batch, or as part of the person's who made the rule. In chunks,
    so that no statement grows with the queue, and in one transaction: what is interrupted has ignored
    nothing, nobody was told of it, and the next call finds it again."""
    ids = list(rows.order_by("source", "external_market_id").values_list("pk", flat=True))
    if not ids:
        return 0
    actor = f"rule:{rule.name}"
    until = rule.until

    def judge(row):
        if row.status != UnmappedStatus.NEW or row.snoozed_until is not None:
            return ALREADY
        if row.claimed_by and row.claim_expires_at and row.claim_expires_at > timezone.now():
            return refuse("Somebody looks at it.")
        return refuse("Its family is not known.") if needs_a_family(until) and not row.family else None

    def change(rows, now):
        fields = fresh_decision(actor, now)
        return fields | {
            "status": IGNORED,
            "ignore_until": stored_until(until),
            "ignored_by_rule": rule,
            "alerted_at": F("alerted_at"),
        }

    signed = {"user": user or actor, "reason": rule.reason}
    with deciding("rule", **signed):
        return sum(
            len(decide("rule", ids=chunk, versions=None, judge=judge, change=change, status=IGNORED, **signed).changed)
            for chunk in chunks(ids)
        )


def _reopen(rule, user):
    ignored = UnmappedMarketLog.objects.filter(ignored_by_rule=rule, status=IGNORED)
    ids = list(ignored.order_by("source", "external_market_id").values_list("pk", flat=True))
    reason = f"The rule “{rule.name}” does not ignore it any more."
    return sum(len(reopen(ids=chunk, user=user, reason=reason).changed) for chunk in chunks(ids))


def _noted(batch, id, old, new, **more):
    """A rule has no audit log of its own: what undoes a batch reads its rules here. version: of a deleted one,
    which goes on from there when it comes back."""
    batch.summary["rules"] = [*batch.summary.get("rules", ()), {"id": id, "old": old, "new": new, **more}]


def _locked(id, version):
    rule = IgnoreRule.objects.select_for_update().get(pk=id)
    if version is not None and int(version) != rule.version:
        raise StaleRule(rule.version)
    return rule


def _assign(rule, values):
    unknown = sorted(set(values) - set(EDITABLE))
    if unknown:
        raise ValidationError(dict.fromkeys(unknown, "This field cannot be set."))
    for name, value in values.items():
        if name == "conditions":
            value = checked_conditions(value)
        elif name == "until":
            value = read_until(value)
        elif name in ("name", "reason"):
            value = text_of(value, 300)
        setattr(rule, name, value)


def _save(rule):
    rule.full_clean()
    rule.save()


def _text(name, value):
    text = value.replace("\x00", "").strip() if isinstance(value, str) else ""
    if not text or len(text) > TEXTS[name]:
        raise ValidationError({"conditions": f"{name} must be a text of 1 to {TEXTS[name]} characters."})
    if name == "source" and not SLUG.fullmatch(text):
        raise ValidationError({"conditions": "source must be a bookmaker's slug."})
    return text


def _number(name, value):
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_KEY:
        raise ValidationError({"conditions": f"{name} must be a whole number, zero or more."})
    return value
