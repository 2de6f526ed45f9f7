"""The mapping desk's door to the task queue. Payloads are ids only; function names here are stable paths."""

from django_q.tasks import async_task


def enqueue_rescore(ids: list[int]):
    """Queue rows whose suggestions shall be computed anew, soon and not now."""
    async_task("mappings.tasks.rescore_rows", ids, task_name=f"rescore {len(ids)} rows", save=False)
