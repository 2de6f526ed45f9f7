"""bin/manage: manage.py with the environment of the bin/run that is running on this state directory.

What is already set in the environment stays as it is. Warnings and errors are logged; LOG_LEVEL=INFO shows all.
"""

import fcntl
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = "environment.json"


def state_path():
    return Path(os.environ.get("STATE_DIR") or ROOT / ".state")


def environment_of_the_running():
    """What bin/run wrote, while it runs; {} when none does (a killed one leaves its file behind)."""
    directory = state_path()
    try:
        lock = os.open(directory / "lock", os.O_RDWR)
    except FileNotFoundError:
        return {}
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return {}
    except BlockingIOError:
        return json.loads((directory / FILE).read_text())
    finally:
        os.close(lock)


def main(arguments):
    try:
        environment = environment_of_the_running()
    except FileNotFoundError:
        environment = {}  # it is only just starting
    except PermissionError as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    if not environment:
        nobody = f"no bin/run is up on {state_path()}"
        if not os.environ.get("DATABASE_URL"):
            print(f"{nobody}: start it, or name its STATE_DIR, or set DATABASE_URL yourself", file=sys.stderr)
            return 2
        print(f"{nobody}; using the environment as it is", file=sys.stderr)
    # A person reads the answer; the log of what happened on the way would stand in the middle of it.
    environment = {"LOG_LEVEL": "WARNING"} | environment | os.environ
    os.execve(sys.executable, [sys.executable, str(ROOT / "manage.py"), *arguments], environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
