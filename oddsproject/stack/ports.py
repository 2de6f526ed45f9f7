"""Ports on loopback for what one desk starts."""

import fcntl
import os
import tempfile
from pathlib import Path

from oddsproject.stack import processes


class Ports:
    """Two desks that start at the same moment choose different ports: whether one is free says nothing
    about who is about to take it, and a desk that finds another's server there takes it for its own."""

    def __init__(self):
        self._claims = []  # open files; the kernel lets go of them when we end, however that happens

    def near(self, wanted: int) -> int:
        """wanted, where nobody has it or has said to take it; else one that is free."""
        if self._claim(wanted) and processes.is_port_free(wanted):
            return wanted
        return processes.free_port()

    def leave(self):
        """What was claimed is nobody's again."""
        while self._claims:
            os.close(self._claims.pop())

    def _claim(self, port):
        try:
            claim = os.open(Path(tempfile.gettempdir()) / f"oddsproject-port-{port}", os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            return False  # somebody else's file
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(claim)
            return False
        self._claims.append(claim)
        return True
