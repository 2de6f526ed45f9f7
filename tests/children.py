"""Processes beside a test, on the test's own database. None outlives the test run, however that ends."""

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from oddsproject.stack import processes

ROOT = Path(__file__).resolve().parent.parent


def environment(**more):
    """Ours, with the test database instead of the one that it was made beside."""
    address = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    return {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "oddsproject.settings", **more}


@contextmanager
def python(*arguments, env, seconds=60, **options):
    """A Python of the project's, asked to end with the block and killed with all below it `seconds` later."""
    options = {"death_signal": signal.SIGKILL, "cwd": ROOT, "env": env} | options
    with processes.spawn([sys.executable, *arguments], **options) as process:  # closes its pipes
        try:
            yield process
        finally:
            processes.stop(process, seconds=seconds)
