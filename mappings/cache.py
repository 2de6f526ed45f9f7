"""The mappings in force, per process: the catalogue merged with the active rows of people.

A process never trusts its copy for longer than a batch: `refresh()` compares one number with the
database's and reads the rows again when it moved. The number moves with the transaction that
changed a mapping, so a change that was rolled back is never seen. What a decision reads of its own
changes before they are committed stays its own: see `undecided`.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from django.db import connection, transaction

from mappings.catalogue.loader import built_in, from_row, row_problems
from mappings.snapshot import Clash, CompiledMapping, Snapshot

log = structlog.get_logger(__name__)

READ_VERSION = "SELECT version FROM mapping_version WHERE id = 1"
# {cache: snapshot} of the transaction that is deciding in this context.
_undecided: ContextVar[dict | None] = ContextVar("undecided_mappings", default=None)


@contextmanager
def undecided() -> Iterator[None]:
    """Until its end, what caches read is seen in this context only: the transaction inside may hold
    changes of its own, and may be taken back. A nested one belongs to the outer one."""
    token = _undecided.set({}) if _undecided.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            _undecided.reset(token)


class MappingCache:
    """Reads are lock-free: they take the current snapshot, which is replaced as a whole.

    use_database=False gives the built-in catalogue alone, for pure code and benchmarks.
    """

    def __init__(self, *, use_database=True):
        self._use_database = use_database
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._snapshot: Snapshot | None = None
        self.problems: tuple[str, ...] = ()

    @property
    def snapshot(self) -> Snapshot:
        """The mappings as last refreshed; before the first refresh, the catalogue alone."""
        snapshot = self._known()
        if snapshot is None:
            with self._own_lock():
                if self._snapshot is None:
                    self._snapshot = Snapshot(built_in(), None)
                snapshot = self._snapshot
        return snapshot

    @property
    def version(self) -> int | None:
        """The database's mapping version that is in force here; None before the first refresh."""
        return self.snapshot.version

    @property
    def clashes(self) -> list[Clash]:
        """Source keys that two mappings claim, for people to settle."""
        return self.snapshot.clashes

    def lookup(self, bookmaker_slug: str, key: str) -> tuple[CompiledMapping, ...]:
        """The mappings that claim exactly this key of this bookmaker, the strongest first."""
        return self.snapshot.table(bookmaker_slug).lookup(key)

    def refresh(self, *, force=False) -> bool:
        """Read the rows again if the database's version moved; returns whether they were read.

        Raises what the database raises: a batch must not run on mappings of unknown age.
        """
        if not self._use_database:
            return False
        version = _stored_version()
        if not force and (known := self._known()) is not None and known.version == version:
            return False
        with self._own_lock():
            return self._read_again(force)

    def _known(self):
        own = _undecided.get()
        return self._snapshot if own is None else own.get(self, self._snapshot)

    def _read_again(self, force):
        version, rows = _consistent_rows()
        if not force and (known := self._known()) is not None and known.version == version:
            return False
        definitions, problems = merge(built_in(), rows)
        snapshot = Snapshot(definitions, version)
        if (own := _undecided.get()) is not None:
            own[self] = snapshot
            return True
        self._snapshot, self.problems = snapshot, problems
        for problem in problems:
            log.error("mappings.row_skipped", problem=problem)
        clashes = snapshot.clashes
        log.info("mappings.refreshed", version=version, rows=len(rows), clashes=len(clashes))
        return True

    def _own_lock(self):
        """The lock; a fresh one in a forked child, where the parent's may never be released."""
        if self._pid != os.getpid():
            self._lock, self._pid = threading.Lock(), os.getpid()
        return self._lock


def merge(catalogue, rows):
    """(definitions, problems): active rows over the catalogue. A row that cannot be used costs
    itself only, and leaves the built-in entry of its canonical_id in force."""
    known = {definition.canonical_id for definition in catalogue}
    users, problems = {}, []
    for row in rows:
        faults = row_problems(row)
        if faults:
            problems.append(f"{row.canonical_id}: {' '.join(faults)}")
        else:
            users[row.canonical_id] = from_row(row, overrides=row.canonical_id in known)
    kept = tuple(definition for definition in catalogue if definition.canonical_id not in users)
    return kept + tuple(users.values()), tuple(problems)


def _stored_version() -> int:
    """0 when the row is missing, which only an emptied test database shows."""
    with connection.cursor() as cursor:
        cursor.execute(READ_VERSION)
        found = cursor.fetchone()
    return found[0] if found else 0


def _consistent_rows():
    """(version, active rows). Read version first: rows newer than it are only read once more."""
    from mappings.models import UserMarketMapping

    with transaction.atomic():
        version = _stored_version()
        return version, list(UserMarketMapping.objects.filter(is_active=True).order_by("canonical_id"))


mapping_cache = MappingCache()
