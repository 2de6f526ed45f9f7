"""The queue from the command line: the same decisions, by the same services, for scripts."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max

from mappings import ignore_rules
from mappings.actions import ACTIONS, decide_rows, taken_back_if
from mappings.api.decision_serializers import RowDecisionSerializer
from mappings.api.queue_serializers import UnmappedSerializer
from mappings.bulk import matching
from mappings.management.desk import (
    EXIT_CODES,
    add_filter,
    add_json,
    add_user,
    carried_out,
    code_of,
    filter_of,
    leave,
    person,
    print_json,
    print_table,
)
from mappings.models import Band, IgnoreRule, UnmappedMarketLog
from mappings.queue_filter import MINE, QueueFilter, tab_counts
from mappings.until import condition, moment
from oddsproject.desk.formats import confidence_text, lagos_text

LISTED = 50
NAMED_UNTILS = ("forever", "family", "events", "tomorrow")
SHOWN_LEFT = 20
DECISIONS = {"acknowledge": "acknowledge", "ignore": "ignore", "snooze": "snooze", "reopen": "reopen",
             "accept-best": "acceptBest"}  # fmt: skip
UNTIL_HELP = {
    "ignore": "forever (the default), family, events, days:30, or a time",
    "snooze": "tomorrow, hours:1, days:3, or a time",
}


class Command(BaseCommand):
    help = f"The queue of unmapped markets. Decisions take ids, or filters for all that match. {EXIT_CODES}"

    def add_arguments(self, parser):
        commands = parser.add_subparsers(dest="command", required=True)
        listing = commands.add_parser("list", help="The first rows by priority.")
        listing.add_argument("--limit", type=int, default=LISTED)
        add_filter(listing)
        add_user(listing, required=False)
        add_json(listing)
        counting = commands.add_parser("counts", help="How many rows each tab has; with --user, MINE too.")
        add_user(counting, required=False)
        add_json(counting)
        for name, action in DECISIONS.items():
            self._add_decision(commands, name, ACTIONS[action].what)
        triage = commands.add_parser("triage", help="Ignore what is new and fits an ignore rule.")
        triage.add_argument("--rule", metavar="NAME", action="append", help="Only this rule; repeat.")
        triage.add_argument("--dry-run", action="store_true")
        add_user(triage)
        add_json(triage)

    def _add_decision(self, commands, name, what):
        deciding = commands.add_parser(name, help=what)
        deciding.add_argument("ids", metavar="ID", nargs="*", type=int)
        deciding.add_argument("--reason", default="")
        deciding.add_argument("--dry-run", action="store_true", help="Say what would become of each row.")
        if name in UNTIL_HELP:
            deciding.add_argument("--until", required=name == "snooze", help=UNTIL_HELP[name])
        if name == "accept-best":
            deciding.add_argument(
                "--band", choices=Band.values, action="append", dest="bands", help="strong, unless named; repeat."
            )
        add_filter(deciding, without={"band"} if name == "accept-best" else ())
        add_user(deciding)
        add_json(deciding)

    def handle(self, *, command, **options):
        own = {"list": self._list, "counts": self._counts, "triage": self._triage}
        carried_out(lambda: own[command](options) if command in own else self._decide(command, options))

    # --- Reading ----------------------------------------------------------------------------------

    def _list(self, options):
        asked = filter_of(options, options["user"]) or QueueFilter(tab="NEW")
        rows = asked.rows().select_related("mapped_to").order_by("-priority", "-id")[: max(1, options["limit"])]
        if options["as_json"]:
            print_json(self, UnmappedSerializer(rows, many=True).data)
            return
        print_table(
            self,
            ("Id", "Bookmaker", "Key", "Name", "Tab", "Priority", "Events", "Best suggestion", "Next kick-off"),
            [
                (row.pk, row.source, row.external_market_id, row.market_name, row.tab, f"{row.priority:.1f}",
                 row.event_count, _best(row), lagos_text(row.next_kickoff_at))
                for row in rows
            ],
        )  # fmt: skip
        counted, exact = asked.count()
        self.stdout.write(f"{'' if exact else 'About '}{counted} match.")

    def _counts(self, options):
        counts = tab_counts(options["user"] or "nobody")
        if not options["user"]:
            del counts[MINE]
        if options["as_json"]:
            print_json(self, counts)
        else:
            print_table(self, ("Tab", "Rows"), counts.items())

    # --- Deciding ---------------------------------------------------------------------------------

    def _decide(self, command, options):
        user = person(options["user"])
        ids = self._ids(options)
        more = {}
        if command == "ignore":
            more["until"] = _condition(options["until"] or "forever")
        elif command == "snooze":
            more["until"] = _moment(options["until"])
        elif command == "accept-best":
            more["bands"] = tuple(options["bands"] or [Band.STRONG])
        dry_run = options["dry_run"]
        action = DECISIONS[command]
        made = decide_rows(action, ids=ids, user=user, reason=options["reason"], dry_run=dry_run, **more)
        if options["as_json"]:
            results = RowDecisionSerializer(made, many=True).data
            print_json(self, {"dryRun": dry_run, "batchId": made.batch_id, "counts": made.counts, "results": results})
        else:
            self._say(made, dry_run)
        leave(code_of(made.counts, len(made.changed)))

    def _ids(self, options):
        asked = filter_of(options, options["user"])
        if (asked is None) == (not options["ids"]):
            raise CommandError("Name ids, or filters for all that match; not both.")
        newest = UnmappedMarketLog.objects.aggregate(newest=Max("id"))["newest"]
        return options["ids"] or list(matching(asked, newest))

    def _say(self, made, dry_run):
        left = [decision for decision in made if decision.outcome not in ("changed", "unchanged")]
        for decision in left[:SHOWN_LEFT]:
            self.stderr.write(f"{decision.id}: {decision.outcome} {decision.detail}".rstrip())
        if len(left) > SHOWN_LEFT:
            self.stderr.write(f"and {len(left) - SHOWN_LEFT} more")
        counts = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in made.counts.items())
        undo = f" Undo with: mapping undo {made.batch_id}" if made.batch_id else ""
        self.stdout.write(f"{'Would be: ' if dry_run else ''}{counts or 'No row matches'}.{undo}")

    def _triage(self, options):
        user = person(options["user"])
        rules, names = list(IgnoreRule.objects.all()), options["rule"]
        if unknown := sorted(set(names or ()) - {rule.name for rule in rules}):
            raise CommandError(f"There is no rule {unknown[0]!r}.")
        # What is switched off runs only when somebody names it, and then it says so.
        chosen = [rule for rule in rules if (rule.name in names if names else rule.is_active)]
        if off := [rule.name for rule in chosen if not rule.is_active]:
            raise CommandError(f"The rule {off[0]!r} is switched off.")
        found, dry_run = [], options["dry_run"]
        # In order, and each on what those before it have left, also in a dry run.
        with taken_back_if(dry_run):
            for rule in chosen:
                ignored, batch_id = 0, None
                if ignore_rules.preview(rule.conditions, 0)[0]:
                    change = ignore_rules.update_rule(id=rule.pk, changes={}, user=user, apply_now=True)
                    ignored, batch_id = change.ignored, None if dry_run else change.batch_id
                found.append({"rule": rule.name, "ignored": ignored, "batchId": batch_id})
        if options["as_json"]:
            print_json(self, {"dryRun": dry_run, "rules": found})
        else:
            lines = [(line["rule"], line["ignored"], line["batchId"]) for line in found]
            print_table(self, ("Rule", "Would ignore" if dry_run else "Ignored", "Decision"), lines)
        leave(code_of({}, sum(line["ignored"] for line in found)))


def _best(row):
    return f"{row.best_name} {confidence_text(row.best_confidence)} ({row.best_band})" if row.best_name else ""


def _condition(text):
    return condition(text) if text in NAMED_UNTILS or _is_span(text) else condition("at", text)


def _moment(text):
    if text in ("forever", "family", "events"):
        raise ValidationError(f"{text} is a condition of ignore; snooze needs a time.")
    return moment(text) if text == "tomorrow" or _is_span(text) else moment("at", text)


def _is_span(text):
    return text.startswith(("hours:", "days:"))
