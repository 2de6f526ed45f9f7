"""The demo bookmakers alone: a world made up from a seed, or a replay of captured payloads."""

from django.core.management.base import BaseCommand, CommandError

from scraping.demo.control import BadControl
from scraping.demo.server import DemoSettings, run
from scraping.demo.world import SLUGS


class Command(BaseCommand):
    help = "Serve /betpawa, /sportybet and /bet9ja on one port; steer it at /control (docs/demo.md)."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=0, help="0 (default): a free one, printed when ready.")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--events", type=int, default=40, help="About so many events lie ahead at any time.")
        parser.add_argument("--clock", type=float, help="Start the world at this time (seconds since 1970).")
        parser.add_argument("--freeze", action="store_true", help="Let the world's time stand still.")
        parser.add_argument("--latency", default="", metavar="betpawa=380,…", help="Mean milliseconds of a request.")
        parser.add_argument("--limits", default="", metavar="betpawa=50,…", help="Requests at once before refusals.")
        parser.add_argument("--life", default="", metavar="change_rate=0.05,…", help="How lively: docs/demo.md.")
        parser.add_argument("--payloads", metavar="DIR", help="Replay DIR/<bookmaker>/*.json instead of the world.")

    def handle(self, **options):
        settings = DemoSettings(
            seed=options["seed"],
            events=options["events"],
            port=options["port"],
            host=options["host"],
            clock=options["clock"],
            frozen=options["freeze"],
            latency=_by_bookmaker(options["latency"], float),
            limits=_by_bookmaker(options["limits"], int),
            life=_numbers(options["life"], float),
            payloads=options["payloads"],
        )
        if settings.events < 1:
            raise CommandError("--events is at least 1")
        try:
            run(settings, lambda line: (self.stdout.write(line), self.stdout.flush()))
        except (BadControl, OSError) as error:
            raise CommandError(str(error)) from error


def _numbers(text: str, number) -> dict:
    """ "a=1,b=2.5" as numbers by name."""
    found = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        try:
            found[name] = number(value)
        except ValueError as error:
            raise CommandError(f"{part!r}: wanted is <name>=<number>") from error
    return found


def _by_bookmaker(text: str, number) -> dict:
    found = _numbers(text, number)
    if unknown := set(found) - set(SLUGS):
        raise CommandError(f"unknown bookmaker {sorted(unknown)[0]!r}; known: {', '.join(SLUGS)}")
    return found
