"""bin/manage: manage.py with the environment of the bin/run that is running on this state directory.

What is already set in the environment stays as it is.
"""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = "environment.json"


def state_path():
    return Path(os.environ.get("STATE_DIR") or ROOT / ".state")


def main(arguments):
    try:
        environment = json.loads((state_path() / FILE).read_text())
    except FileNotFoundError:
        environment = {}
        print(f"no bin/run is running on {state_path()}; using the environment as it is", file=sys.stderr)
    except PermissionError as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    os.execve(sys.executable, [sys.executable, str(ROOT / "manage.py"), *arguments], environment | os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
