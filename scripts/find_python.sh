#!/bin/sh
# find_python.sh [VERSION...]: print the first Python that really runs and is new enough.
#
# Without arguments: python3, then python3.14 down to python3.11, on PATH and under pyenv. With arguments, just
# these versions, in order ("3.12 3.13"). A name on PATH proves nothing (pyenv's shims stand there for versions that
# are not selected), so each candidate is run. Exits 1, saying what is missing, if there is none.
set -u

oldest=11
newest=14

# runs PYTHON: prints its path, with shims resolved, if it is Python 3.11 or newer.
runs() {
    "$1" - "$oldest" 2>/dev/null <<'CHECK'
import sys
if sys.version_info < (3, int(sys.argv[1])):
    sys.exit(1)
import ensurepip, venv  # Debian packs them apart from the interpreter
print(sys.executable)
CHECK
}

candidates() {
    for version in "$@"; do
        echo "python$version"
        ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python 2>/dev/null | sort -rV
    done
}

if [ $# -gt 0 ]; then
    wanted=$(candidates "$@")
    missing="no Python $* that runs, with its modules venv and ensurepip"
else
    versions=$(seq "$newest" -1 "$oldest" | sed 's/^/3./')
    # shellcheck disable=SC2086
    wanted="python3 $(candidates $versions)"
    missing="no Python 3.$oldest or newer that runs, with its modules venv and ensurepip; install one \
(Debian: apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python"
fi

for candidate in $wanted; do
    if runs "$candidate"; then
        exit 0
    fi
done
echo "find_python.sh: $missing" >&2
exit 1
