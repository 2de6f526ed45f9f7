"""Check the stored odds against themselves."""

from django.core.management.base import BaseCommand, CommandError

from odds.storage.checks import run_checks


class Command(BaseCommand):
    help = "Check current odds, history, links and fingerprints against each other; exit 1 when something is wrong."

    def handle(self, *args, **options):
        problems = run_checks()
        for problem in problems:
            self.stdout.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} rules are broken.")
        self.stdout.write("Current odds, history, links and fingerprints agree.")
