"""Optimistic locking: who edits says which version was read."""


class StaleVersion(Exception):
    """Somebody else was first. current: the version now; changed_by and changed_at where known."""

    def __init__(self, current, *, changed_by=None, changed_at=None):
        super().__init__(f"It was changed meanwhile; the version is now {current}.")
        self.current = current
        self.changed_by = changed_by
        self.changed_at = changed_at


def check_version(row, expected, *, changed_by=None, changed_at=None):
    """Raises StaleVersion. expected None: the caller does not mind."""
    if expected is not None and int(expected) != row.version:
        raise StaleVersion(row.version, changed_by=changed_by, changed_at=changed_at)
