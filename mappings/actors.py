"""Who changes a mapping, and why: told to the database for the audit rows of one transaction."""

from contextlib import contextmanager

from django.db import connection, transaction

DESK = "desk"  # who does what nobody does
SETTINGS = ("oddsproject.actor", "oddsproject.reason")


def name_of(user) -> str:
    """A user object's name, or the text itself for commands."""
    return user if isinstance(user, str) else user.get_username()


@contextmanager
def acting_as(user, reason: str = ""):
    """A transaction whose mapping changes are audited under this user and reason.

    Nested blocks restore the outer ones when they end; a rollback does so by itself.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true), current_setting(%s, true)", SETTINGS)
        before = cursor.fetchone()
        _set(cursor, name_of(user), reason)
        yield
        _set(cursor, *before)


def _set(cursor, actor, reason):
    cursor.execute(
        "SELECT set_config(%s, %s, true), set_config(%s, %s, true)",
        [SETTINGS[0], _text(actor), SETTINGS[1], _text(reason)],
    )


def _text(value):
    return (value or "").replace("\x00", "")
