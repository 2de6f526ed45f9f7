"""The daily partitions of the odds history: what there is, and maintenance by hand."""

from django.core.management.base import BaseCommand, CommandError

from odds.storage import partitions


class Command(BaseCommand):
    help = "List the partitions of the odds history; with --maintain make those ahead and drop old ones."

    def add_arguments(self, parser):
        parser.add_argument("--maintain", action="store_true", help="Make, move and drop what is due first.")
        parser.add_argument("--retention-days", type=int, default=14, help="Days to keep, at least 1 (default 14).")
        parser.add_argument("--days-ahead", type=int, default=partitions.DAYS_AHEAD, help="Days to make ahead.")

    def handle(self, *args, maintain, retention_days, days_ahead, **options):
        if retention_days < 1 or days_ahead < 0:
            raise CommandError("--retention-days is at least 1, --days-ahead at least 0.")
        if maintain:
            result = partitions.maintain(retention_days, days_ahead)
            self.stdout.write(
                f"{len(result.created)} made, {len(result.dropped)} dropped, {result.moved_rows} rows moved."
            )
        for partition in partitions.report():
            size = f"{partition.size_bytes / 1024:,.0f} kB"
            self.stdout.write(f"{partition.name:<40} {size:>14} {partition.row_estimate:>12,} rows (estimate)")
        stranded = partitions.rows_in_default()
        if stranded:
            days = ", ".join(f"{day} ({rows})" for day, rows in stranded.items())
            raise CommandError(f"Rows without a partition of their own: {days}. Run with --maintain.")
