#!/bin/sh
# Prints the interpreter to build an environment with: $PYTHON, else the first of these that is Python 3.11 or newer
# and able to make a virtual environment. A name on PATH proves nothing (pyenv's shims stand there for versions that
# are not selected; Debian ships python3 without venv), so each is run.
set -eu

tried=''
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
    path=$(command -v "$candidate" 2>/dev/null) || continue
    if "$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        if "$path" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            echo "$path"
            exit 0
        fi
        tried="$tried $candidate (has no venv: on Debian and Ubuntu, apt-get install python3-venv);"
    else
        version=$("$path" -c 'import platform; print(platform.python_version())' 2>/dev/null) || continue
        tried="$tried $candidate (is $version);"
    fi
done
echo "No Python 3.11 or newer was found${tried:+; looked at:$tried}" >&2
echo "Install one, or name it: make PYTHON=/path/to/python3 ..." >&2
exit 1
