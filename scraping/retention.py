"""Runs and what hangs on them are kept for a while, then deleted."""

from datetime import timedelta

import structlog
from django.utils import timezone

from scraping.models import ScrapeRun, SetAsideItem

log = structlog.get_logger(__name__)


def drop_old_runs(retention_days: int) -> int:
    """Delete finished runs (with their batches and errors) and set-aside items that were last
    seen before the retention. Returns the number of runs."""
    before = timezone.now() - timedelta(days=retention_days)
    SetAsideItem.objects.filter(last_seen_at__lt=before).delete()
    old = ScrapeRun.objects.filter(created_at__lt=before).exclude(status__in=ScrapeRun.ACTIVE)
    count = old.count()
    if count:
        old.delete()
        log.info("scrape.old_runs_dropped", runs=count)
    return count
