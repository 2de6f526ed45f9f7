"""What every decision on queue rows has in common: rows are locked, judged one by one, and those
that change are changed by one statement, however many they are."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from django.db.models import Case, F, JSONField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import JSONObject
from django.utils import timezone

from mappings.actors import name_of
from mappings.deciding import deciding
from mappings.models import UnmappedChange, UnmappedMarketLog, UserMarketMapping
from mappings.services.change_words import change_text, names_in
from oddsproject.desk.formats import lagos_text

log = structlog.get_logger(__name__)

CHANGED, UNCHANGED, REFUSED, STALE, NOT_FOUND = "changed", "unchanged", "refused", "stale", "not_found"
JUDGED = ("source", "external_market_id", "status", "tab", "version", "notes", "mapped_to", "decided_by", "decided_at",
          "decided_mapping_version", "reopened_reason", "snoozed_until", "claimed_by", "claim_expires_at",
          "ignore_until", "ignored_by_rule", "review_since", "review", "family", "event_count",
          "market_name", "best_betpawa_id", "best_confidence", "best_band")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """What happened to one row. outcome: changed, unchanged, refused (detail says why), stale
    (somebody else was first: decided_by, decided_at), not_found."""

    id: int
    outcome: str
    status: str | None = None
    version: int | None = None
    detail: str = ""
    decided_by: str | None = None
    decided_at: datetime | None = None


class Decisions(list):
    """One Decision per id, in the order asked. batch_id: what undoes them; None when nothing changed."""

    def __init__(self, decisions=(), batch_id: int | None = None):
        super().__init__(decisions)
        self.batch_id = batch_id

    @property
    def changed(self) -> list[Decision]:
        return [decision for decision in self if decision.outcome == CHANGED]

    @property
    def counts(self) -> dict[str, int]:
        """{outcome: how many}."""
        found = {}
        for decision in self:
            found[decision.outcome] = found.get(decision.outcome, 0) + 1
        return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a row is left as it is: outcome unchanged or refused, and a detail for people."""

    outcome: str
    detail: str = ""


ALREADY = Verdict(UNCHANGED)
refuse = partial(Verdict, REFUSED)


def decide(
    kind: str,
    *,
    ids: Iterable[int],
    user,
    reason: str,
    versions: Mapping | None,
    judge: Callable,
    change: Callable,
    status: str | None = None,
    moves_version: bool = True,
    remark: Callable | None = None,
    learn: Callable | None = None,
) -> Decisions:
    """Decide about rows as one batch.

    judge(row): a Verdict to leave the row alone, None to change it. change(rows, now): {column:
    value or expression} for all of those. status: what they have afterwards, where it changes.
    remark(row): a detail for a row that changed, from how it was before. learn(rows, batch): what the
    decision says about the suggestions of those that changed.
    """
    ids = list(dict.fromkeys(ids))
    with deciding(kind, user, reason) as batch:
        rows = locked(ids)
        verdicts, changed = {}, []
        for row in rows.values():
            verdict = _judged(row, judge, versions or {})
            if verdict is None:
                changed.append(row)
            else:
                verdicts[row.pk] = verdict
        decisions = {id: Decision(id, NOT_FOUND) for id in ids if id not in rows}
        decisions |= _left_alone(rows, verdicts)
        now = timezone.now()
        if changed:
            fields = change(changed, now)
            if moves_version:
                fields["version"] = F("version") + 1
            UnmappedMarketLog.objects.filter(pk__in=[row.pk for row in changed]).order_by().update(**fields)
            note(batch, [row.pk for row in changed])
            if learn:
                learn(changed, batch)
            signed = (fields["decided_by"], now) if "decided_by" in fields else None
        for row in changed:
            who, at = signed or (row.decided_by, row.decided_at)
            detail = remark(row) if remark else ""
            now_is = status or row.status
            decisions[row.pk] = Decision(row.pk, CHANGED, now_is, row.version + moves_version, detail, who, at)
    if changed:
        log.info("unmapped.decided", kind=kind, count=len(changed), user=name_of(user), batch=batch.pk)
    return Decisions((decisions[id] for id in ids), batch.pk if changed else None)


def locked(ids) -> dict[int, UnmappedMarketLog]:
    """The rows by id, locked in the order in which a flush of sightings writes them: two bulk
    decisions, or a decision and a flush, wait for each other and never deadlock."""
    rows = UnmappedMarketLog.objects.select_for_update().filter(pk__in=list(ids)).only(*JUDGED)
    return {row.pk: row for row in rows.order_by("source", "external_market_id")}


def note(batch, ids=(), *, more=0):
    """Count what a batch changed: queue rows by id, and so many other things."""
    batch.touched += ids
    batch.item_count += len(ids) + more


def described(row, outcome, detail="") -> Decision:
    return Decision(row.pk, outcome, row.status, row.version, detail, row.decided_by, row.decided_at)


def stale(row, change: UnmappedChange | None = None, names: dict | None = None) -> Decision:
    """Somebody was first. change: the last one of the row, which says who did what; names: as change_text
    takes them."""
    told = f": {change_text(change, names)}" if change else ""
    return described(row, STALE, f"It was changed meanwhile{told}.")


def last_changes(ids) -> dict[int, UnmappedChange]:
    """The newest logged change of each row, claims apart: they move no version."""
    newest = UnmappedChange.objects.filter(unmapped_id__in=list(ids)).exclude(batch__kind__in=("claim", "release"))
    return {change.unmapped_id: change for change in newest.order_by("unmapped_id", "-id").distinct("unmapped_id")}


def earlier_decision(now):
    """What was decided before, for the column of that name; what is there stays if nothing was."""
    canonical_id = UserMarketMapping.objects.filter(pk=OuterRef("mapped_to_id")).values("canonical_id")[:1]
    return Case(
        When(
            Q(decided_at__isnull=False),
            then=JSONObject(
                status=Case(When(tab="SNOOZED", then=Value("SNOOZED")), default=F("status")),
                decidedBy="decided_by",
                decidedAt="decided_at",
                mappedTo=Subquery(canonical_id),
                notes="notes",
                until=Case(
                    When(snoozed_until__isnull=False, then=JSONObject(kind=Value("date"), at="snoozed_until")),
                    default=F("ignore_until"),
                    output_field=JSONField(),
                ),
            ),
        ),
        default=F("earlier_decision"),
        output_field=JSONField(),
    )


def fresh_decision(user, now) -> dict:
    """The columns of any decision: whose it is, and nothing of the one before."""
    return {
        "earlier_decision": earlier_decision(now),
        "decided_by": name_of(user)[:150],
        "decided_at": now,
        "decided_mapping_version": None,
        "reopened_reason": None,
        "mapped_to": None,
        "snoozed_until": None,
        "ignore_until": None,
        "ignored_by_rule": None,
        "review_since": None,
        "review": None,
        "claimed_by": None,
        "claim_expires_at": None,
    }


def claimed_by_another(row, user, now=None) -> bool:
    return bool(
        row.claimed_by
        and row.claimed_by != name_of(user)
        and row.claim_expires_at
        and row.claim_expires_at > (now or timezone.now())
    )


def claim_text(row) -> str:
    return f"{row.claimed_by} has claimed it until {lagos_text(row.claim_expires_at)}."


def claim_remark(user):
    """A claim tells colleagues, it does not stop them: who decides all the same reads whose it was."""
    return lambda row: claim_text(row) if claimed_by_another(row, user) else ""


def text_of(value, most=2000) -> str:
    return (value or "").replace("\x00", "").strip()[:most]


def _judged(row, judge, versions):
    verdict = judge(row)
    if verdict is not None and verdict.outcome == UNCHANGED:
        return verdict
    if versions.get(row.pk) not in (None, row.version):
        return Verdict(STALE)
    return verdict


def _left_alone(rows, verdicts):
    first = last_changes([id for id, verdict in verdicts.items() if verdict.outcome == STALE])
    names = names_in(first.values())
    return {
        id: stale(rows[id], first.get(id), names)
        if verdict.outcome == STALE
        else described(rows[id], verdict.outcome, verdict.detail)
        for id, verdict in verdicts.items()
    }
