"""The one door to the task queue. Payloads are ids only; function names here are stable paths."""

from django_q.tasks import async_task


def enqueue_discovery(run_id: int):
    async_task("scraping.tasks.discover", run_id, task_name=f"discover run {run_id}", save=False)


def enqueue_batch(batch_id: int):
    async_task("scraping.tasks.scrape_batch", batch_id, task_name=f"batch {batch_id}", save=False)


def enqueue_second_chances(run_id: int):
    async_task("scraping.tasks.second_chances", run_id, task_name=f"second chances of run {run_id}", save=False)


def enqueue_refresh(run_id: int):
    async_task("scraping.tasks.refresh_event", run_id, task_name=f"refresh run {run_id}", save=False)


def enqueue_after_cycle(run_id: int, counts: dict[str, dict[str, int]]):
    """The mapping desk takes in a finished cycle. counts: {slug: {"seen": markets, "mapped": markets}}."""
    async_task("mappings.tasks.after_cycle", run_id, counts, task_name=f"desk after run {run_id}", save=False)


def enqueue_reapply(canonical_id: str, user_name: str) -> str:
    """Returns the task's id, under which its result is kept for a while."""
    name = f"apply {canonical_id}"[:100]
    return async_task("scraping.tasks.reapply", canonical_id, user_name, task_name=name)


def enqueue_look_round():
    """What the schedule does every minute, now: for workers that just started. Their scheduler
    wakes up half a minute later."""
    async_task("scraping.tasks.watchdog", task_name="watchdog at start", save=False)
    async_task("scraping.tasks.tick", task_name="tick at start", save=False)
