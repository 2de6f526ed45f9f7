# Sourced by bin/run, bin/test and bin/bench with $root set: finds a Python that is new enough and
# hands over to it. exec throughout, so that a signal sent to the command reaches the one process.
cd "$root" || exit 1
for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        exec "$candidate" -m oddsproject.stack.bootstrap "$@"
    fi
done
echo "Python 3.11 or newer is needed, and none of python3, python3.11 … python3.14 on PATH is one." >&2
exit 1
