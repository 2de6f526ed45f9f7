"""The price check of mappings, now."""

from django.core.management.base import BaseCommand, CommandError
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from mappings.cache import mapping_cache
from mappings.evidence.audit import WRONG, audit_mappings
from mappings.models import PriceAudit

MOST_LISTED = 20


class Command(BaseCommand):
    help = "Compare the prices of mapped markets with BetPawa's. What stays apart comes up for review."

    def add_arguments(self, parser):
        parser.add_argument("--mapping", metavar="CANONICAL_ID", help="Only this mapping.")

    def handle(self, *, mapping, **options):
        mapping_cache.refresh()
        if mapping is not None and mapping not in mapping_cache.snapshot.by_canonical_id:
            raise CommandError(f"No mapping in force is called {mapping!r}.")
        result = audit_mappings(mapping)
        rows = PriceAudit.objects.all() if mapping is None else PriceAudit.objects.filter(canonical_id=mapping)
        if mapping is None:
            rows = rows.filter(verdict__in=WRONG)
        rows = list(rows.order_by("-distance", "id")[:MOST_LISTED])
        if rows:
            Console(file=self.stdout, width=120).print(_table(rows))
        verdicts = ", ".join(f"{count} {name}" for name, count in sorted(result.verdicts.items())) or "nothing"
        self.stdout.write(
            f"{result.pairs} pairs checked in {result.ms} ms: {verdicts}. "
            f"Reviews: {result.opened} opened, {result.closed} closed."
        )


def _table(rows) -> Table:
    table = Table(box=SIMPLE, padding=(0, 1))
    for heading in ("Bookmaker", "Key", "Mapping", "Verdict", "Distance", "Events", "Checks"):
        table.add_column(heading)
    for row in rows:
        distance = "–" if row.distance is None else f"{row.distance:.3f}"
        table.add_row(
            row.source,
            row.external_market_id,
            row.canonical_id,
            row.get_verdict_display(),
            distance,
            str(row.fixtures_compared),
            str(row.apart_checks),
        )
    return table
