"""What saving a mapping would do: conflicts and impact, as the pages and the API show them."""

import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from mappings.conflicts import WARNING
from mappings.preview import preview_mapping
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import lagos_text

CLEAN, ERRORS, WARNINGS = 0, 1, 3


class Command(BaseCommand):
    help = "Preview a mapping without saving it. Exit code: 0 clean, 3 warnings, 1 saving would be refused or in vain."

    def add_arguments(self, parser):
        parser.add_argument("canonical_id", help="An existing mapping, a built-in one, or a new id.")
        parser.add_argument(
            "--values",
            metavar="FILE",
            help="JSON object of the fields to set, by their stored names; - reads standard input. "
            '"outcome_texts" {outcome id: text} may be among them.',
        )
        parser.add_argument("--queue", metavar="ID", type=int, action="append", default=[], help="A queue row; repeat.")
        parser.add_argument("--split", action="store_true", help="The rows' keys go on feeding other mappings too.")
        parser.add_argument("--json", action="store_true", help="Print the whole preview as JSON.")

    def handle(self, *, canonical_id, values, queue, split, **options):
        fields = _read(values) if values else {}
        texts = fields.pop("outcome_texts", None)
        preview = preview_mapping(canonical_id=canonical_id, values=fields, ids=queue, outcome_texts=texts, split=split)
        if options["json"]:
            self.stdout.write(json.dumps(preview.as_data(), indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(lines_of(preview, bookmaker_names())))
        if not preview.can_save:
            sys.exit(ERRORS)
        if any(conflict.severity == WARNING for conflict in preview.conflicts):
            sys.exit(WARNINGS)


def _read(name):
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        fields = json.loads(text)
    except (OSError, ValueError) as error:
        raise CommandError(f"{name}: {error}") from error
    if not isinstance(fields, dict):
        raise CommandError(f"{name}: a JSON object is needed.")
    return fields


def lines_of(preview, names):
    """The preview as lines for a terminal."""
    yield f"{preview.canonical_id}: {preview.change}"
    for field, (old, new) in preview.changes.items():
        yield f"  {field}: {_short(old)} → {_short(new)}"
    yield "Conflicts" if preview.conflicts else "No conflicts"
    for conflict in preview.conflicts:
        yield f"  {conflict.severity:<7} {conflict.code}: {conflict.text}"
        if conflict.fix:
            yield f"          fix: {json.dumps(conflict.fix, ensure_ascii=False)}"
    yield _figures(preview)
    for fixture in preview.impact.fixtures:
        yield f"{fixture.home_team} – {fixture.away_team}, {lagos_text(fixture.kickoff_at)}"
        for change in fixture.changes:
            yield f"  {_change(change, names)}"
        if fixture.not_shown:
            yield f"  and {fixture.not_shown} more"
        for left in fixture.left_over:
            book = names.get(left.slug, left.slug)
            yield f"  unmapped  {book} {left.source_key} {left.specifier} {left.code}: {', '.join(left.texts)}"
    if preview.needs_reason:
        yield "A reason is needed to save this."


def _figures(preview):
    impact = preview.impact
    if impact.rows is None:
        return f"Impact: {impact.note}"
    about = "" if impact.exact else "about "
    text = f"Impact: {about}{impact.events} events, {impact.markets} markets, {impact.rows} rows"
    return f"{text}{', wide' if impact.is_wide else ''}. {impact.note}".rstrip()


def _change(change, names):
    line = "" if change.line is None else f" {change.line}"
    outcomes = "; ".join(
        f"{outcome.name} {outcome.before or '–'} → {outcome.after or '–'}"
        + (f" (BetPawa {outcome.reference})" if outcome.reference else "")
        for outcome in change.outcomes[:6]
    )
    origin = f" from {change.moved_from}" if change.moved_from else ""
    book = names.get(change.slug, change.slug)
    return f"{change.change:<9} {book} {change.source_key} → {change.market_name}{line}{origin}: {outcomes}"


def _short(value):
    text = "–" if value in (None, "") else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"
