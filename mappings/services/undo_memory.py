"""What a batch taught the suggestions, forgotten with it, and learnt again when it is done again."""

from mappings.models import DecisionBatch, RejectedPair, SuggestionOutcome
from mappings.suggestions.memory import take_back


def taught(batch: DecisionBatch) -> list[dict]:
    """The rejected pairs that taking this batch back would touch: {source, key, betpawaId, by}."""
    if batch.kind == DecisionBatch.Kind.UNDO:
        return batch.summary.get("rejected", [])
    pairs = RejectedPair.objects.filter(batch=batch).order_by("source", "external_market_id", "betpawa_id")
    columns = ("source", "external_market_id", "betpawa_id", "rejected_by")
    return [dict(zip(("source", "key", "betpawaId", "by"), pair, strict=True)) for pair in pairs.values_list(*columns)]


def label_of(pair: dict) -> str:
    return f"{pair['source']} {pair['key']} is not {pair['betpawaId']}"


def restore_memory(batch: DecisionBatch, pairs: list[dict], *, does_again: bool) -> dict:
    """Forget, or learn again (does_again), what belongs to the action that a batch is about. pairs:
    as taught(batch) said; returns what the undo's summary keeps of them."""
    first = _first_action(batch)
    if does_again:
        SuggestionOutcome.objects.filter(batch=first).update(is_undone=False)
        RejectedPair.objects.bulk_create(
            [
                RejectedPair(
                    source=pair["source"], external_market_id=pair["key"], betpawa_id=pair["betpawaId"],
                    rejected_by=pair["by"], batch=first,
                )
                for pair in pairs
            ],
            ignore_conflicts=True,
        )  # fmt: skip
    else:
        take_back([first.pk])
    return {"rejected": pairs} if pairs else {}


def _first_action(batch):
    while batch.undoes is not None:
        batch = batch.undoes
    return batch
