"""Mapping packs from the command line: export, review as a diff, import as one batch."""

import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from mappings.management.desk import add_user, person
from mappings.packs import PackRefused, export_pack, import_pack, read_pack, review
from oddsproject.api.roles import LEAD

CLEAN, REFUSED, DIFFERS = 0, 1, 3


class Command(BaseCommand):
    help = (
        "Write this desk's mappings to FILE, compare FILE with them, or take FILE over. - is standard output or input. "
        "review exits with 0 when nothing would change, 3 when something would, 1 when an import would be refused."
    )

    def add_arguments(self, parser):
        commands = parser.add_subparsers(dest="command", required=True)
        export = commands.add_parser("export", help="Mappings of people and ignore rules, as JSON.")
        export.add_argument("--with-decisions", action="store_true", help="Also what was decided about the queue.")
        looking = commands.add_parser("review", help="What an import would change. Writes nothing.")
        taking = commands.add_parser("import", help="Take the pack over as one decision, which can be undone.")
        add_user(taking)
        taking.add_argument("--reason", required=True)
        taking.add_argument("--only", metavar="ID", action="append", help="An id of the review; repeat. Or: decisions.")
        taking.add_argument("--overwrite-newer", action="store_true", help="Also what was changed here.")
        for command in (export, looking, taking):
            command.add_argument("file")

    def handle(self, *, command, file, **options):
        try:
            {"export": self._export, "review": self._review, "import": self._import}[command](file, options)
        except PackRefused as refused:
            raise CommandError(str(refused), returncode=REFUSED) from refused
        except OSError as error:
            raise CommandError(f"{file}: {error}") from error

    def _export(self, file, options):
        data = export_pack(with_decisions=options["with_decisions"])
        if file == "-":
            self.stdout.write(data.decode(), ending="")
        else:
            Path(file).write_bytes(data)

    def _review(self, file, options):
        diff = review(_read(file))
        self.stdout.write("\n".join(lines_of(diff)))
        if diff.problems:
            sys.exit(REFUSED)
        if diff.created or diff.changed or (diff.decisions and diff.decisions.apply):
            sys.exit(DIFFERS)

    def _import(self, file, options):
        batch_id = import_pack(
            _read(file),
            user=person(options["user"], LEAD),
            reason=options["reason"],
            only=options["only"],
            overwrite_newer=options["overwrite_newer"],
        )
        done = f"Imported as decision {batch_id}. Undo with: mapping undo {batch_id}"
        self.stdout.write("Nothing to change." if batch_id is None else done)


def _read(file):
    return read_pack(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())


def lines_of(diff):
    """The review as lines for a terminal."""
    for problem in diff.problems:
        yield f"problem  {problem}"
    for clash in diff.clashes:
        yield f"clash    {clash}"
    for item in diff.created:
        yield f"create   {item.id}: {item.name}"
    for item in diff.changed:
        yield f"change   {item.id}: {item.name}"
        if item.newer_here:
            yield f"         changed here: {item.newer_here}"
        yield from (f"         {change.field}: {_short(change.old)} → {_short(change.new)}" for change in item.changes)
    for id in diff.only_here:
        yield f"only here {id}"
    yield f"{len(diff.created)} to create, {len(diff.changed)} to change, {len(diff.unchanged)} the same."
    if diff.decisions is not None:
        counts = diff.decisions
        yield (
            f"Decisions: {counts.apply} to make, {counts.same} made already, {counts.decided_here} decided otherwise "
            f"here, {counts.not_seen} about markets not seen here, {counts.no_mapping} whose mapping lacks the key."
        )


def _short(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"
