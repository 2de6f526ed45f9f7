"""What the desk's commands share: who acts, which rows, what is printed, and the exit codes."""

import json
import sys

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import CommandError
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from mappings import services
from mappings.actions import ReasonRequired
from mappings.queue_filter import BANDS, TABS, QueueFilter
from oddsproject.api.roles import TRADER, has_role
from oddsproject.desk.bookmakers import bookmaker_names

DONE, ERROR, SOME_REFUSED, NOTHING_TO_DO = 0, 1, 3, 4
EXIT_CODES = "Exit code: 0 done, 3 some were refused, 4 nothing to do, 1 an error."
FILTERS = {
    "source": "a bookmaker",
    "family": "such as over_under",
    "period": "such as 1H",
    "error-code": "such as UNKNOWN_MARKET",
    "min-events": "carried by so many events now",
    "min-occurrences": "seen in so many cycles",
    "search": "words in name, key or rules text",
    "owner": "who has claimed it",
    "band": "of its best suggestion",
    "announced": "when people were told of it: an ISO time, or two around ~",
}
CHOICES = {"band": BANDS}
LEFT_ALONE = ("refused", "stale", "not_found")


def add_user(parser, *, required=True):
    parser.add_argument("--user", metavar="NAME", required=required, help="Who acts: a login that holds the role.")


def add_json(parser):
    parser.add_argument("--json", action="store_true", dest="as_json", help="Print JSON, named as in the API.")


def add_filter(parser, *, without=()):
    group = parser.add_argument_group("which rows")
    group.add_argument("--tab", choices=TABS, help="NEW unless another is named; MINE is --user's.")
    for name, what in FILTERS.items():
        if name in CHOICES and name not in without:
            group.add_argument(f"--{name}", choices=CHOICES[name], help=what)
        elif name not in without:
            group.add_argument(f"--{name}", metavar=name.rpartition("-")[2].upper(), help=what)


def filter_of(options, user_name="") -> QueueFilter | None:
    """The filter that the options say, None when they say none. Raises ValidationError."""
    given = {(field := name.replace("-", "_")): options.get(field) for name in FILTERS}
    given = {name: value for name, value in given.items() if value}
    if not given and options["tab"] is None:
        return None
    check_bookmaker(given.get("source"))
    return QueueFilter.from_query({"tab": "NEW", **given, **({"tab": options["tab"]} if options["tab"] else {})},
                                  user=user_name or None)  # fmt: skip


def check_bookmaker(slug: str | None):
    """Raises CommandError for one that there is not. Not among the choices: help needs no database."""
    if slug and slug not in (known := bookmaker_names()):
        raise CommandError(f"There is no bookmaker {slug!r}; there are: {', '.join(known)}.")


def person(name: str, role: str = TRADER):
    """The user of that name, who must hold the role; it is checked as in the admin and the API."""
    users = get_user_model().objects
    user = users.filter(**{get_user_model().USERNAME_FIELD: name}).first()
    if user is None:
        raise CommandError(f"There is no user {name!r}.")
    if not has_role(user, role):
        raise CommandError(f"{name} is not allowed to: a {role} is needed.")
    return user


def carried_out(do):
    """What a service did; its refusals as errors of a command."""
    try:
        return do()
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    except (PermissionDenied, services.StaleVersion, ReasonRequired) as error:
        raise CommandError(str(error)) from error


def print_json(command, data):
    command.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def print_table(command, headings, rows):
    """Rows of text. The last column takes what is left of the line."""
    table = Table(box=SIMPLE, padding=(0, 1))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*("–" if cell in (None, "") else str(cell) for cell in row))
    Console(file=command.stdout, width=140, markup=False, highlight=False, emoji=False).print(table)


def leave(code: int):
    if code:
        sys.exit(code)


def code_of(counts: dict[str, int], changed: int) -> int:
    """The exit code of decisions. counts: {outcome: how many}."""
    if any(counts.get(outcome) for outcome in LEFT_ALONE):
        return SOME_REFUSED
    return DONE if changed else NOTHING_TO_DO
