"""A mapping at once on what is stored."""

from django.core.management.base import BaseCommand, CommandError

from scraping.reapply import NotInForce, reapply


class Command(BaseCommand):
    help = "Map the stored answers of running events once more, with the mappings of now."

    def add_arguments(self, parser):
        parser.add_argument("canonical_id", metavar="CANONICAL_ID")

    def handle(self, *, canonical_id, **options):
        try:
            result = reapply(canonical_id, "command line")
        except NotInForce as error:
            raise CommandError(f"No mapping in force is called {canonical_id!r}.") from error
        self.stdout.write(
            f"{result.events_applied} events applied now ({result.events_changed} changed, "
            f"{result.markets_changed} markets), {result.events_waiting} wait for the next cycle; {result.ms} ms."
        )
