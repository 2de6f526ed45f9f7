"""Make .venv from the requirement files when it is missing or out of date, then become the command.

Standard library only: this runs before anything is installed, by whichever Python the machine has.
A stamp inside the environment names the requirement files it was made from, so that a second start
installs nothing.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "installed.json"
OLDEST_PIP = (22, 3)  # the first that installs into another environment with --python

REQUIREMENTS = {
    "supervisor": "requirements.txt",
    "managing": "requirements.txt",
    "testing": "requirements-dev.txt",
    "benching": "requirements-dev.txt",
}


class BootstrapError(Exception):
    """The environment cannot be made; the message says what to do."""


def say(message):
    print(message, file=sys.stderr, flush=True)


def digest_of(requirements):
    """What the environment must match: every requirement file reachable from this one, and the Python."""
    text = (ROOT / requirements).read_text()
    included = [line.split(None, 1)[1].strip() for line in text.splitlines() if line.startswith("-r ")]
    parts = [f"{sys.version_info[0]}.{sys.version_info[1]}", text, *(digest_of(name) for name in included)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def installed():
    try:
        return json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):
        return {}


def is_current(requirements):
    return PYTHON.exists() and installed().get(requirements) == digest_of(requirements)


@contextmanager
def only_one_at_a_time():
    """Two first starts at once: the second waits and then finds the work done."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another command is installing; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def pip_command():
    """The pip that will install: this Python's, if it can reach into .venv, else one inside .venv.

    Raises BootstrapError when the machine has neither pip nor ensurepip.
    """
    answer = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True)
    if answer.returncode == 0:
        version = tuple(int(part) for part in answer.stdout.split()[1].split(".")[:2])
        if version >= OLDEST_PIP:
            return [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    if subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return [str(PYTHON), "-m", "pip"]
    say("this Python has no usable pip; putting one into .venv with ensurepip")
    answer = subprocess.run([str(PYTHON), "-m", "ensurepip"], capture_output=True, text=True)
    if answer.returncode == 0:
        return [str(PYTHON), "-m", "pip"]
    raise BootstrapError(
        f"{sys.executable} has neither pip (22.3 or newer) nor ensurepip, so nothing can be installed.\n"
        "Install pip (Debian, Ubuntu: apt install python3-pip; Fedora: dnf install python3-pip) and start again."
    )


def make_environment():
    if PYTHON.exists() and subprocess.run([str(PYTHON), "-c", ""], capture_output=True).returncode == 0:
        return
    say("making the Python environment in .venv")
    if ENVIRONMENT.exists():
        shutil.rmtree(ENVIRONMENT)  # its Python is gone or was never finished
    answer = subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(ENVIRONMENT)], capture_output=True, text=True
    )
    if answer.returncode != 0:
        raise BootstrapError(f"python -m venv failed:\n{answer.stdout}{answer.stderr}")


def install(requirements):
    """Install the requirement file into .venv, counting packages on the terminal meanwhile."""
    say(f"installing {requirements} into .venv (once; about half a minute)")
    command = [*pip_command(), "install", "--disable-pip-version-check", "--no-input", "-r", str(ROOT / requirements)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | {"PIP_USER": "0"},  # a user-wide setting would make pip refuse .venv
    )
    output, found = [], 0
    for line in process.stdout:
        output.append(line)
        if line.startswith("Collecting"):
            found += 1
            if found % 10 == 0:
                say(f"  {found} packages found")
        elif line.startswith("Installing"):
            say(f"  unpacking {found} packages")
    if process.wait() != 0:
        raise BootstrapError("pip could not install the requirements:\n" + "".join(output[-15:]))
    now = installed()
    now[requirements] = digest_of(requirements)
    if requirements == "requirements-dev.txt":
        now["requirements.txt"] = digest_of("requirements.txt")
    temporary = STAMP.with_suffix(".new")
    temporary.write_text(json.dumps(now))
    temporary.replace(STAMP)


def ensure_environment(requirements):
    """Leave .venv in the state that the requirement file asks for. Fast when it already is."""
    if is_current(requirements):
        return
    with only_one_at_a_time():
        if is_current(requirements):
            return
        make_environment()
        install(requirements)


def main(arguments):
    command, *rest = arguments
    try:
        ensure_environment(REQUIREMENTS[command])
    except (BootstrapError, OSError) as error:
        say(f"cannot start: {error}")
        return 1
    os.execv(PYTHON, [str(PYTHON), "-m", f"oddsproject.stack.{command}", *rest])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
