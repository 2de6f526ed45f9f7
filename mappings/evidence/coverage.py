"""How much of each rival's offer is mapped: a row per rival and cycle, for the curve over time."""

from collections import Counter
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from mappings.cache import mapping_cache
from mappings.definitions import REFERENCE
from mappings.models import CoverageSample

KEPT = timedelta(days=400)
UPCOMING_KEYS = "SELECT DISTINCT key FROM price_fixture CROSS JOIN unnest(keys) AS key WHERE kickoff_at > now()"


def sample_coverage(run_id: int, counts: dict[str, dict[str, int]]) -> int:
    """Store the coverage of a finished cycle; returns the rows made, 0 when it has them already.

    counts: {slug: {"seen": markets, "mapped": markets}} over all events of the cycle. Types are
    the distinct source keys of the fixtures, which hold every market that a few events carry.
    """
    if CoverageSample.objects.filter(scrape_run_id=run_id).exists():
        return 0
    mapping_cache.refresh()
    seen, mapped = Counter(), Counter()
    with connection.cursor() as cursor:
        cursor.execute(UPCOMING_KEYS)
        for (text,) in cursor.fetchall():
            slug, _, key = text.partition(":")
            seen[slug] += 1
            mapped[slug] += any(claim.definition.betpawa_id for claim in mapping_cache.lookup(slug, key))
    rows = [
        CoverageSample(
            bookmaker_slug=slug,
            scrape_run_id=run_id,
            types_seen=seen[slug],
            types_mapped=mapped[slug],
            markets_seen=of_run["seen"],
            markets_mapped=of_run["mapped"],
        )
        for slug, of_run in sorted(counts.items())
        if slug != REFERENCE and of_run["seen"]
    ]
    CoverageSample.objects.bulk_create(rows)
    return len(rows)


def prune_samples() -> int:
    """Drop samples older than a year and a bit; returns how many."""
    gone, _ = CoverageSample.objects.filter(taken_at__lt=timezone.now() - KEPT).delete()
    return gone
