"""One whole cycle, or one event, in the foreground: no worker needed."""

import sys

from django.core.management.base import BaseCommand, CommandError
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from odds.models import Event
from scraping.bookmakers import REGISTRY
from scraping.coordinator import EventCoordinator
from scraping.models import ScrapeRun
from scraping.services import CycleRefused, refresh_event, start_cycle

EXIT_CODES = {ScrapeRun.Status.COMPLETED: 0, ScrapeRun.Status.PARTIAL: 3, ScrapeRun.Status.FAILED: 1}


class Command(BaseCommand):
    help = "Scrape once, now, in this process. Exit code: 0 completed, 3 partial, 1 failed."

    def add_arguments(self, parser):
        parser.add_argument("--event", metavar="SR_ID", help="Only the event with this SportRadar id.")
        parser.add_argument("--bookmaker", action="append", choices=list(REGISTRY), help="Only this one (repeatable).")

        parser.add_argument(
            "--include-started", action="store_true", help="Also events that have kicked off: for replayed payloads."
        )

    def handle(self, *, event, bookmaker, include_started, **options):
        try:
            if event:
                run = refresh_event(sportradar_id=event, user="command line", bookmakers=bookmaker, enqueue=False)
            else:
                run = start_cycle(
                    trigger=ScrapeRun.Trigger.MANUAL,
                    user="command line",
                    bookmakers=bookmaker,
                    include_started=include_started,
                    enqueue=False,
                )
        except CycleRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except Event.DoesNotExist as error:
            raise CommandError(f"No event has the SportRadar id {event!r}.") from error
        console = Console(file=self.stdout._out if hasattr(self.stdout, "_out") else sys.stdout)
        run = self._scrape(run, console)
        console.print(summary_table(run))
        if run.summary:
            console.print(f"Missing: {run.summary}", markup=False)
        if run.status != ScrapeRun.Status.COMPLETED:
            sys.exit(EXIT_CODES.get(run.status, 1))

    def _scrape(self, run, console):
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("Asking what is on offer", total=None)

            def show(run, batch):
                progress.update(bar, description="Events", total=run.events_total, completed=run.events_done)

            return EventCoordinator(run, on_batch=show).run_full_cycle()


def summary_table(run) -> Table:
    """What the run brought, one row per bookmaker."""
    seconds = f"{run.duration_seconds:.1f} s" if run.duration_seconds is not None else "unfinished"
    table = Table(title=f"Run {run.pk}: {run.status}, {run.events_done} events, {seconds}", box=SIMPLE, padding=(0, 1))
    for heading in ("Bookmaker", "Listed", "Stored", "Failed", "Gone", "Markets", "Mapped", "Unmapped", "Changed"):
        table.add_column(heading, justify="left" if heading == "Bookmaker" else "right")
    for share in run.by_bookmaker.all():
        numbers = (
            share.events_listed,
            share.events_stored,
            share.events_failed,
            share.events_gone,
            share.markets_seen,
            share.markets_mapped,
            share.markets_unmapped,
            share.markets_changed,
        )
        table.add_row(share.bookmaker_slug, *[f"{number:,}" for number in numbers])
    return table
