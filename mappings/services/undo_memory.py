"""What a batch taught the suggestions, forgotten with it, and learnt again when it is done again."""

from collections.abc import Callable, Iterable

from mappings.models import DecisionBatch, RejectedPair, SuggestionOutcome
from mappings.suggestions.memory import take_back


def taught(batches: Iterable[DecisionBatch]) -> dict[int, list[dict]]:
    """{batch: the rejected pairs that taking it back would touch}, each {source, key, betpawaId, by}. A query."""
    found = {batch.pk: batch.summary.get("rejected", []) for batch in batches if batch.kind == DecisionBatch.Kind.UNDO}
    found |= {batch.pk: [] for batch in batches if batch.pk not in found}
    pairs = RejectedPair.objects.filter(batch__in=found).order_by("source", "external_market_id", "betpawa_id")
    columns = ("batch_id", "batch__kind", "source", "external_market_id", "betpawa_id", "rejected_by")
    for batch_id, kind, *pair in pairs.values_list(*columns):
        if kind != DecisionBatch.Kind.UNDO:
            found[batch_id].append(dict(zip(("source", "key", "betpawaId", "by"), pair, strict=True)))
    return found


def label_of(pair: dict) -> str:
    return f"{pair['source']} {pair['key']} is not {pair['betpawaId']}"


def restore_memory(batches: Iterable[DecisionBatch], rejections: dict[int, list[dict]], does_again: Callable):
    """Forget, or learn again where does_again(batch), what belongs to the actions that batches are about.
    rejections: as taught said. A handful of statements."""
    forgotten, learnt, pairs = [], [], []
    for batch in batches:
        first = _first_action(batch)
        if not does_again(batch):
            forgotten.append(first.pk)
            continue
        learnt.append(first.pk)
        pairs += [
            RejectedPair(
                source=pair["source"], external_market_id=pair["key"], betpawa_id=pair["betpawaId"],
                rejected_by=pair["by"], batch=first,
            )
            for pair in rejections[batch.pk]
        ]  # fmt: skip
    if forgotten:
        take_back(forgotten)
    if learnt:
        SuggestionOutcome.objects.filter(batch_id__in=learnt).update(is_undone=False)
        RejectedPair.objects.bulk_create(pairs, ignore_conflicts=True)


def _first_action(batch):
    while batch.undoes is not None:
        batch = batch.undoes
    return batch
