"""One action of a person is one batch: a row, and its id on everything that the action changes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

from mappings.actors import acting_as, name_of
from mappings.cache import undecided
from mappings.models import DecisionBatch
from oddsproject.bounded_connection import BoundedConnection
from oddsproject.locks import AdvisoryLock
from oddsproject.realtime import publish_all

Kind = DecisionBatch.Kind
CHANGES_MAPPINGS = frozenset({Kind.MAP, Kind.MAPPING, Kind.RESTORE, Kind.IMPORT})
UNMAPPED_CHANGED = "unmapped_changed"
WAIT_SECONDS = 20.0  # for what another decision holds: two hundred suggestions are accepted in ten
MARGIN_SECONDS = 2.0  # in which the server says that this was too long, before its caller gives it up
MOST_NAMED = 100  # queue rows in a notice; a page that shows others reads its list again

_current: ContextVar[DecisionBatch | None] = ContextVar("decision_batch", default=None)
_is_rehearsal: ContextVar[bool] = ContextVar("is_rehearsal", default=False)


@contextmanager
def deciding(kind: str, user, reason: str = "", *, undoes: DecisionBatch | None = None) -> Iterator[DecisionBatch]:
    """A transaction whose changes are one batch of this user; a nested one joins the outer batch.

    Whoever changes something adds to `item_count`, puts ids of queue rows into `touched`, and may
    fill `summary`. At the end the batch is saved, and other people's pages are told, once. A batch
    that changed nothing leaves no row: `pk` is None after the block. An exception takes everything
    back, the batch too.
    """
    with acting_as(user, reason), undecided():
        outer = _current.get()
        if outer is not None:
            before = outer.item_count, list(outer.touched), dict(outer.summary)
            try:
                yield outer
            except BaseException:
                # What this part had counted is taken back with it; the rest may go on.
                outer.item_count, outer.touched, outer.summary = before
                raise
            return
        if kind in CHANGES_MAPPINGS:
            take_turn()
        else:
            wait_for_others()
        batch = DecisionBatch.objects.create(
            kind=kind, actor=name_of(user)[:150], reason=(reason or "").replace("\x00", ""), undoes=undoes
        )
        batch.touched = []
        _tell_database(str(batch.pk), None)
        token = _current.set(batch)
        try:
            yield batch
        finally:
            _current.reset(token)
        _tell_database("", None)
        if batch.item_count:
            batch.save(update_fields=["item_count", "summary"])
            tell_others([batch])
        else:
            batch.delete()


@contextmanager
def deciding_each(batches: list[DecisionBatch], user) -> Iterator[Callable]:
    """As deciding, for batches of which all is known before: they are saved together, with item_count and
    summary as they come. The value, called with one of them, makes it the one whose changes follow. A
    decision about many decisions costs their changes, and not a transaction's upkeep for each."""
    with acting_as(user), undecided():
        take_turn()
        DecisionBatch.objects.bulk_create(batches)
        for batch in batches:
            batch.touched = []
        yield lambda batch: _tell_database(str(batch.pk), batch.reason)
        _tell_database("", None)
        tell_others(batches)


@contextmanager
def rehearsal() -> Iterator[None]:
    """A transaction that is taken back at its end. Nobody is told of what is decided in it, so that
    several decisions after one another do not hold up the notices, and the decisions, of others."""
    token = _is_rehearsal.set(True)
    try:
        with transaction.atomic(), undecided():
            yield
            transaction.set_rollback(True)
    finally:
        _is_rehearsal.reset(token)


def wait_for_others():
    """Until the transaction ends, who waits for what another decision holds waits longer than for a database
    that is silent, and then has LockNotAvailable, which is told as what it is (oddsproject.api.database_away).
    Where nobody waits for an answer, as in commands and workers, there is no bound, and none is set."""
    with connection.cursor() as cursor:
        if isinstance(connection.connection, BoundedConnection):
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{WAIT_SECONDS * 1000:.0f}ms"])
            connection.connection.be_patient(WAIT_SECONDS + MARGIN_SECONDS)


def take_turn():
    """Until the transaction ends nobody else changes mappings. All of them wait for the one row with
    the mappings' version anyway, at their first change, when they hold queue rows and mappings that
    others may want next; here they wait while they hold nothing. To be called before rows are locked."""
    wait_for_others()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [AdvisoryLock.CHANGE_MAPPINGS])


def tell_others(batches: list[DecisionBatch]):
    """People who look at what was decided about. Last of all: it holds the lock that numbers notices until
    the transaction ends."""
    if batches and not _is_rehearsal.get():
        publish_all("unmapped_alerts", UNMAPPED_CHANGED, [_notice(batch) for batch in batches])


def _notice(batch):
    ids = list(dict.fromkeys(batch.touched))
    return {
        "batchId": batch.pk,
        "kind": str(batch.kind),
        "actor": batch.actor,
        "count": batch.item_count,
        "ids": ids[:MOST_NAMED],
        "undoes": batch.undoes_id,
    }


def _tell_database(batch_id, reason):
    """reason: None leaves it as acting_as has set it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('oddsproject.batch', %s, true), "
            "set_config('oddsproject.reason', coalesce(%s, current_setting('oddsproject.reason', true), ''), true)",
            [batch_id, reason],
        )
