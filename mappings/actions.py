"""What can be decided about rows of the queue, by name: programs decide as the desk's pages do."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.dateparse import parse_datetime
from structlog.contextvars import bound_contextvars

from mappings import services
from mappings.accepting import accept_best
from mappings.bulk import decide_many
from mappings.deciding import rehearsal
from mappings.preview import Preview, preview_mapping
from mappings.services.decisions import Decisions

MOST_MAPPED = 100  # one mapping, whose source keys they all become


@dataclass(frozen=True, slots=True)
class Action:
    """kind: of the batch. label: on buttons. done: "12 <done>.". what: a sentence about it. takes: the
    options that it understands. is_whole: decide looks after its own bounds and its batch's results."""

    kind: str
    decide: Callable
    label: str
    done: str
    what: str
    takes: tuple[str, ...] = ()
    is_whole: bool = False


ACTIONS = {
    "acknowledge": Action(
        "acknowledge", services.acknowledge, "Acknowledge", "acknowledged", "Seen, to be mapped later."
    ),
    "ignore": Action(
        "ignore", services.ignore, "Ignore", "ignored",
        "Not to be mapped: for good, or until a condition brings it back, once.", ("until",),
    ),
    "snooze": Action("snooze", services.snooze, "Snooze", "snoozed", "Out of sight until then.", ("until",)),
    "claim": Action(
        "claim", services.claim, "Claim", "claimed",
        "Tell colleagues that one looks at it; runs out by itself.", ("minutes", "force"),
    ),
    "release": Action("release", services.release, "Give back", "given back", "Give a claim back.", ("force",)),
    "reopen": Action(
        "reopen", services.reopen, "Reopen", "reopened", "Back to NEW; a mapping that was made stays in force."
    ),
    "closeReview": Action(
        "review", services.close_review, "Close the review", "left mapped as they are",
        "The mapping that looked wrong is right after all.",
    ),
    "acceptBest": Action(
        "map", accept_best, "Accept the best suggestion", "mapped to their best suggestion",
        "Map it to its best suggestion, where that is of one of the bands.", ("bands",), is_whole=True,
    ),
}  # fmt: skip


class ReasonRequired(Exception):
    """Saving this needs a reason; preview says what it would do."""

    def __init__(self, preview: Preview):
        super().__init__("It changes much, or something speaks against it: a reason is needed.")
        self.preview = preview


def decide_rows(
    name: str,
    *,
    ids: Iterable[int],
    user,
    reason: str = "",
    versions: Mapping | None = None,
    dry_run: bool = False,
    **options,
) -> Decisions:
    """Carry an action of ACTIONS out as one batch; dry_run does it and takes it back.

    options: those of Action.takes; until as a time for snooze, as services.ignore takes it for ignore.
    Raises TooMany, ValidationError, PermissionDenied.
    """
    action = ACTIONS[name]
    if name == "snooze":
        options["until"] = moment_of(options.get("until"))
    decide = partial(action.decide, **options)
    decide = decide if action.is_whole else partial(decide_many, action.kind, decide)
    with taken_back_if(dry_run):
        made = decide(ids=ids, user=user, reason=reason, versions=versions)
    return Decisions(made, None) if dry_run else made


def map_rows(
    *,
    ids: Iterable[int],
    canonical_id: str,
    user,
    reason: str = "",
    values: dict | None = None,
    outcome_texts: Mapping[str, str] | None = None,
    versions: Mapping | None = None,
    mapping_version: int | None = None,
    split: bool = False,
) -> services.Resolution:
    """services.map_to, refused with ReasonRequired where people must say why and did not."""
    ids = list(dict.fromkeys(ids))
    check_mapped_together(ids)
    check_reason(reason, canonical_id, values or {}, ids=ids, outcome_texts=outcome_texts, split=split)
    return services.map_to(
        ids=ids, canonical_id=canonical_id, user=user, reason=reason, values=values, outcome_texts=outcome_texts,
        versions=versions, mapping_version=mapping_version, split=split,
    )  # fmt: skip


def restore_mapping(
    canonical_id: str, audit_id: int, user, reason: str = "", *, version: int | None = None, dry_run: bool = False
) -> services.MappingChange:
    """services.restore_version, refused as map_rows is."""
    if not dry_run:
        check_reason(reason, canonical_id, services.values_of_version(canonical_id, audit_id))
    return services.restore_version(canonical_id, audit_id, user, reason, version=version, dry_run=dry_run)


def check_reason(reason: str, canonical_id: str, values: dict, **of_rows):
    """Raises ReasonRequired where saving this needs a reason and none was given: one rule for all who save.
    of_rows: ids, outcome_texts, split, as the preview takes them. Raises ValidationError where nothing of
    the rows would map, whatever the reason."""
    if reason.strip() and not of_rows.get("ids"):
        return
    preview = preview_mapping(canonical_id=canonical_id, values=values, **of_rows)
    if preview.maps_nothing:
        raise ValidationError(preview.maps_nothing)
    if preview.needs_reason and not reason.strip():
        raise ReasonRequired(preview)


def check_mapped_together(ids: Collection[int]):
    """Raises ValidationError for more rows than are mapped, or previewed, in one go."""
    if len(ids) > MOST_MAPPED:
        raise _too_many(MOST_MAPPED, len(ids))


@contextmanager
def taken_back_if(dry_run: bool):
    """What happens inside leaves no trace in a dry run; its log lines say that it was one."""
    if not dry_run:
        with transaction.atomic():
            yield
        return
    with rehearsal(), bound_contextvars(dry_run=True):
        yield


def moment_of(until) -> datetime:
    """A time with its zone, from itself, from ISO text, or from {"kind": "date", "at": either}."""
    at = until.get("at") if isinstance(until, Mapping) and until.get("kind") == "date" else until
    if isinstance(at, str):
        try:
            at = parse_datetime(at)
        except ValueError:
            at = None
    if not isinstance(at, datetime):
        raise ValidationError({"until": "A time with its zone is needed."})
    return at


def _too_many(most, count):
    error = ValidationError(f"{count} markets were named; at most {most} are mapped in one go.")
    error.count, error.most = count, most
    return error
