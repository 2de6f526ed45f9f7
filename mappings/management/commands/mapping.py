"""Mappings from the command line: what there is, what was decided, undo, versions, conflicts.

Previews, packs, suggestions and the price check are commands of their own: mapping_preview,
mapping_pack, suggest, audit_prices.
"""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mappings import services
from mappings.actions import restore_mapping
from mappings.actors import name_of
from mappings.api.batch_serializers import DecisionSerializer, UndoneSerializer
from mappings.api.records import full_mapping, listed_mappings, matching
from mappings.api.serializers import (
    ORIGINS,
    ListedMappingSerializer,
    MappingSerializer,
    RestoredSerializer,
    VersionSerializer,
)
from mappings.cache import mapping_cache
from mappings.management.desk import (
    DONE,
    EXIT_CODES,
    NOTHING_TO_DO,
    SOME_REFUSED,
    add_json,
    add_user,
    carried_out,
    check_bookmaker,
    leave,
    person,
    print_json,
    print_table,
)
from mappings.models import DecisionBatch, MappingAuditLog
from mappings.preview import preview_mapping
from oddsproject.api.roles import LEAD
from oddsproject.desk.formats import lagos_text

LISTED = 50


class Command(BaseCommand):
    help = f"Mappings and what people decided. {EXIT_CODES} conflicts exits with 3 when there are some."

    def add_arguments(self, parser):
        commands = parser.add_subparsers(dest="command", required=True)
        listing = commands.add_parser("list", help="Built-in mappings and people's.")
        listing.add_argument("--source", choices=ORIGINS, help="code: built-in; db: people's.")
        listing.add_argument("--platform", metavar="BOOKMAKER", help="Only those with a key there.")
        listing.add_argument("--inactive", action="store_true", help="Only those that are switched off.")
        listing.add_argument("--search", default="", help="In names and ids.")
        showing = commands.add_parser("show", help="One mapping, as JSON.")
        showing.add_argument("canonical_id")
        versions = commands.add_parser("versions", help="Every state that it had; what restore takes.")
        versions.add_argument("canonical_id")
        decisions = commands.add_parser("decisions", help="What people, and rules, decided; newest first.")
        decisions.add_argument("--actor", metavar="NAME")
        decisions.add_argument("--kind", choices=DecisionBatch.Kind.values, action="append")
        decisions.add_argument("--limit", type=int, default=LISTED)
        undo = commands.add_parser("undo", help="Undo a decision, wholly or not at all.")
        undo.add_argument("batch", metavar="DECISION", type=int)
        undo.add_argument("--partly", action="store_true", help="Leave what somebody has changed since.")
        last = commands.add_parser("undo-last", help="Undo what --user did last.")
        restore = commands.add_parser("restore", help="Make a mapping what a version was. For leads.")
        restore.add_argument("canonical_id")
        restore.add_argument("version", type=int, metavar="CHANGE", help="An id of mapping versions.")
        conflicts = commands.add_parser("conflicts", help="Keys that two mappings claim; or of one mapping, all.")
        conflicts.add_argument("canonical_id", nargs="?")
        applying = commands.add_parser("apply", help="Map what is stored of running events once more, as a task.")
        applying.add_argument("canonical_id")
        for acting in (undo, last, restore, applying):
            add_user(acting)
        for rehearsed in (undo, last, restore):
            rehearsed.add_argument("--reason", default="")
            rehearsed.add_argument("--dry-run", action="store_true", help="Say what would happen.")
        for printed in (listing, versions, decisions, undo, last, restore, conflicts, applying):
            add_json(printed)

    def handle(self, *, command, **options):
        run = getattr(self, f"_{command.replace('-', '_')}")
        carried_out(lambda: run(options))

    # --- Reading ----------------------------------------------------------------------------------

    def _list(self, options):
        check_bookmaker(options["platform"])
        query = {name: options[name] for name in ("source", "platform") if options[name]}
        query |= {"search": options["search"]} | ({"is_active": False} if options["inactive"] else {})
        found = matching(listed_mappings(), query)
        if options["as_json"]:
            print_json(self, ListedMappingSerializer(found, many=True).data)
            return
        columns = ("canonical_id", "name", "source", "betpawa_id", "sportybet_id", "bet9ja_key", "outcome_count")
        headings = ("Id", "Name", "Source", "BetPawa", "SportyBet", "Bet9ja", "Outcomes")
        print_table(self, headings, [[mapping[column] for column in columns] for mapping in found])
        self.stdout.write(f"{len(found)} mappings.")

    def _show(self, options):
        print_json(self, MappingSerializer(self._known(options["canonical_id"])).data)

    def _versions(self, options):
        self._known(options["canonical_id"])
        entries = MappingAuditLog.objects.filter(canonical_id=options["canonical_id"]).order_by("-id")
        found = VersionSerializer(entries, many=True).data
        if options["as_json"]:
            print_json(self, found)
            return
        rows = [
            (entry.pk, lagos_text(entry.created_at), entry.action, version["version"], entry.created_by, entry.reason,
             ", ".join(change["field"] for change in version["changes"]))
            for entry, version in zip(entries, found, strict=True)
        ]  # fmt: skip
        print_table(self, ("Change", "At", "What", "Version", "By", "Reason", "Fields"), rows)

    def _decisions(self, options):
        rows = DecisionBatch.objects.select_related("undone_by").order_by("-id")
        if options["actor"]:
            rows = rows.filter(actor=options["actor"])
        if options["kind"]:
            rows = rows.filter(kind__in=options["kind"])
        rows = list(rows[: max(1, options["limit"])])
        if options["as_json"]:
            print_json(self, DecisionSerializer(rows, many=True).data)
            return
        lines = [
            (row.pk, lagos_text(row.created_at), row.get_kind_display(), row.actor, row.item_count, row.undoes_id,
             row.undone_by.pk if hasattr(row, "undone_by") else None, row.reason)
            for row in rows
        ]  # fmt: skip
        print_table(self, ("Decision", "At", "What", "By", "Items", "Undoes", "Undone by", "Reason"), lines)

    def _conflicts(self, options):
        mapping_cache.refresh()
        if options["canonical_id"]:
            self._known(options["canonical_id"])
            preview = preview_mapping(canonical_id=options["canonical_id"], values={})
            found = [found for found in preview.as_data()["conflicts"] if found["code"] != "UNCHANGED"]
            lines = [(conflict["severity"], conflict["code"], conflict["text"]) for conflict in found]
            headings = ("Severity", "Code", "What")
        else:
            clashes = mapping_cache.clashes
            found = [
                {"platform": c.bookmaker_slug, "key": c.key, "winner": c.winner, "loser": c.loser} for c in clashes
            ]
            found += [{"problem": problem} for problem in mapping_cache.problems]
            lines = [
                (clash.bookmaker_slug, clash.key, f"{clash.winner} comes before {clash.loser}") for clash in clashes
            ]
            lines += [("", "", problem) for problem in mapping_cache.problems]
            headings = ("Bookmaker", "Key", "What")
        if options["as_json"]:
            print_json(self, found)
        elif lines:
            print_table(self, headings, lines)
        else:
            self.stdout.write("No conflicts.")
        leave(SOME_REFUSED if found else DONE)

    # --- Deciding ---------------------------------------------------------------------------------

    def _undo(self, options):
        user = person(options["user"])
        try:
            undone = services.undo_batch(
                options["batch"], user, options["reason"], dry_run=options["dry_run"], partly=options["partly"]
            )
        except DecisionBatch.DoesNotExist as error:
            raise CommandError(f"There is no decision {options['batch']}.") from error
        except ValidationError as error:
            if not DecisionBatch.objects.filter(undoes=options["batch"]).exists():
                raise
            self.stderr.write(" ".join(error.messages))
            leave(NOTHING_TO_DO)
        self._say_undone(undone, options)

    def _undo_last(self, options):
        user = person(options["user"])
        if services.last_batch(user) is None:
            self.stderr.write(f"There is nothing of {name_of(user)}'s to undo.")
            leave(NOTHING_TO_DO)
        self._say_undone(services.undo_last(user, options["reason"], dry_run=options["dry_run"]), options)

    def _say_undone(self, undone, options):
        if options["as_json"]:
            print_json(self, UndoneSerializer(undone).data)
        else:
            for item in undone.refused:
                self.stderr.write(f"{item.label}: {item.detail}")
            counts = ", ".join(f"{count} {outcome}" for outcome, count in undone.counts.items())
            done = f"Decision {undone.undoes} undone as {undone.batch_id}"
            head = done if undone.done else "Would be" if options["dry_run"] else "Not undone"
            self.stdout.write(f"{head}: {counts}.")
        leave(SOME_REFUSED if undone.refused else DONE)

    def _restore(self, options):
        user = person(options["user"], LEAD)
        try:
            change = restore_mapping(
                options["canonical_id"], options["version"], user, options["reason"], dry_run=options["dry_run"]
            )
        except MappingAuditLog.DoesNotExist as error:
            raise CommandError(f"{options['canonical_id']} has no change {options['version']}.") from error
        if options["as_json"]:
            data = {"outcome": change.outcome, "changed_fields": change.changed_fields, "batch_id": change.batch_id}
            print_json(self, RestoredSerializer(data | {"dry_run": options["dry_run"]}).data)
        else:
            fields = f" ({', '.join(change.changed_fields)})" if change.changed_fields else ""
            undo = f" Undo with: mapping undo {change.batch_id}" if change.batch_id else ""
            self.stdout.write(f"{'Would be ' if options['dry_run'] else ''}{change.outcome}{fields}.{undo}")
        leave(NOTHING_TO_DO if change.outcome == "unchanged" else DONE)

    def _apply(self, options):
        user = person(options["user"])
        mapping_cache.refresh()
        if options["canonical_id"] not in mapping_cache.snapshot.by_canonical_id:
            raise CommandError(f"No mapping in force is called {options['canonical_id']!r}.")
        task_id = services.apply_now(canonical_id=options["canonical_id"], user=user)
        if options["as_json"]:
            print_json(self, {"canonicalId": options["canonical_id"], "taskId": task_id})
        else:
            self.stdout.write(f"Task {task_id} maps running events once more.")

    def _known(self, canonical_id):
        mapping = full_mapping(canonical_id)
        if mapping is None:
            raise CommandError(f"There is no mapping {canonical_id!r}.")
        return mapping
