"""A decision in a line: what was done, to what, and when; and what became of each thing that it was about."""

from collections.abc import Iterable

from django.db.models import Count, Min

from mappings.models import DecisionBatch, MappingAuditLog, RejectedPair, UnmappedMarketLog
from mappings.standing import names_of_decisions
from oddsproject.desk.formats import age_text, count_text

Kind = DecisionBatch.Kind
DOING = {
    Kind.ACKNOWLEDGE: "acknowledging",
    Kind.IGNORE: "ignoring",
    Kind.SNOOZE: "snoozing",
    Kind.REOPEN: "reopening",
    Kind.MAP: "mapping",
    Kind.CLAIM: "claiming",
    Kind.RELEASE: "giving back",
    Kind.NOTE: "the notes of",
    Kind.REVIEW: "the review of",
    Kind.REJECT: "rejecting a suggestion for",
    Kind.MAPPING: "changing a mapping,",
    Kind.RESTORE: "restoring a version,",
    Kind.IMPORT: "importing a mapping pack,",
    Kind.RULE: "ignoring by rule",
    Kind.UNDO: "the undo of",
}
OF_MAPPINGS = {Kind.MAPPING, Kind.RESTORE, Kind.IMPORT}
RULE = "rule:"  # what the actor of a rule's own decision begins with
# Of a decision's markets, and of what an undo puts back: "3 so already". Others are words as they are.
OUTCOMES = {
    "unchanged": "so already",
    "stale": "left alone, somebody was first",
    "refused": "refused",
    "not_found": "gone",
}


def batch_words(batch: DecisionBatch) -> str:
    """ "ignoring Corner range 2, 5 min ago"; of a decision about many, how many changes. Five queries at most."""
    changes = f"{count_text(batch.item_count)} change{'' if batch.item_count == 1 else 's'}"
    about = decided_about([batch]).get(batch.pk, changes)
    return f"{DOING.get(batch.kind, batch.get_kind_display())} {about}, {age_text(batch.created_at)}"


def decided_about(batches: Iterable[DecisionBatch]) -> dict[int, str]:
    """{batch: the market, the mappings or the rule that it was about}, of those that can be named. Seven queries
    at most, however many batches."""
    batches = list(batches)
    found = names_of_decisions(batches)
    for name in (_rule, _rejections, _mappings):
        found |= name([batch for batch in batches if batch.pk not in found])
    return found


def _kind(batch):
    """Of an undo, the kind of what it undid."""
    return batch.summary.get("undoes") if batch.kind == Kind.UNDO else batch.kind


def _rule(batches):
    noted = {batch.pk: batch.summary.get("rules") or [] for batch in batches if _kind(batch) == Kind.RULE}
    names = {id: {(one["new"] or one["old"]).get("name") for one in rules} for id, rules in noted.items()}
    own = {batch.pk: {batch.actor.removeprefix(RULE)} for batch in batches if batch.actor.startswith(RULE)}
    return {id: f"“{found.pop()}”" for id, found in (names | own).items() if len(found) == 1}


def _rejections(batches):
    """The market of the pair; an undo keeps the pair that it has forgotten."""
    pairs = {batch.pk: batch.summary["rejected"] for batch in batches if batch.summary.get("rejected")}
    ids = [batch.pk for batch in batches if batch.kind == Kind.REJECT]
    if ids:
        undos = DecisionBatch.objects.filter(undoes_id__in=ids, summary__has_key="rejected")
        pairs |= dict(undos.values_list("undoes_id", "summary__rejected"))
        for pair in RejectedPair.objects.filter(batch_id__in=ids):
            pairs[pair.batch_id] = [{"source": pair.source, "key": pair.external_market_id}]
    keys = {id: (found[0]["source"], found[0]["key"]) for id, found in pairs.items() if found}
    if not keys:
        return {}
    rows = UnmappedMarketLog.objects.filter(
        source__in={source for source, _ in keys.values()}, external_market_id__in={key for _, key in keys.values()}
    ).values_list("source", "external_market_id", "market_name")
    names = {(source, key): name for source, key, name in rows}
    return {id: names.get(pair) or pair[1] for id, pair in keys.items()}


def _mappings(batches):
    """The first mapping of each that was about mappings, and how many more."""
    ids = [batch.pk for batch in batches if _kind(batch) in OF_MAPPINGS]
    if not ids:
        return {}
    changes = MappingAuditLog.objects.filter(batch_id__in=ids).order_by()
    counts = list(changes.values_list("batch_id").annotate(Min("pk"), Count("canonical_id", distinct=True)))
    firsts = MappingAuditLog.objects.filter(pk__in=[first for _, first, _ in counts])
    names = {
        id: name or canonical_id
        for id, name, canonical_id in firsts.values_list("pk", "new_value__name", "canonical_id")
    }
    return {
        batch: names[first] + (f" and {count_text(count - 1)} more" if count > 1 else "")
        for batch, first, count in counts
    }


def outcome_words(outcome: str) -> str:
    return OUTCOMES.get(outcome, outcome)
