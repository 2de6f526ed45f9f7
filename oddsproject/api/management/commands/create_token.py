from datetime import timedelta

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from oddsproject.api.models import ApiToken
from oddsproject.api.tokens import LONGEST_DAYS, issue_token


class Command(BaseCommand):
    help = "Make an API token for a user and print it. It is shown this once."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="What the token is for.")
        parser.add_argument("--role", choices=ApiToken.Role.values, default=ApiToken.Role.VIEWER)
        parser.add_argument("--days", type=int, default=90, help=f"Days until it expires (1–{LONGEST_DAYS}).")

    def handle(self, *args, username, name, role, days, **options):
        if not 1 <= days <= LONGEST_DAYS:
            raise CommandError(f"--days is from 1 to {LONGEST_DAYS}.")
        users = get_user_model().objects
        user = users.filter(**{get_user_model().USERNAME_FIELD: username}).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        try:
            token, text = issue_token(user=user, name=name, role=role, lifetime=timedelta(days=days))
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"Token {token.prefix} for {username} ({role}), expires {token.expires_at:%Y-%m-%d}:")
        self.stdout.write(text)
