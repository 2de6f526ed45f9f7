"""What /proc knows: who lives, and below whom (Linux)."""

from pathlib import Path


def alive(pid):
    """Whether the process still runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def command(pid):
    """The arguments the process was started with; empty when it is gone or going."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def parents():
    """{pid: parent's pid} of every process there is."""
    table = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                table[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
                continue
    return table


def below(pid):
    """{pid: parent's pid} of every process below this one, at any depth."""
    table, found, size = parents(), {}, -1
    while len(found) > size:
        size = len(found)
        found |= {child: parent for child, parent in table.items() if parent == pid or parent in found}
    return found
