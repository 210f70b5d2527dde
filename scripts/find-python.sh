#!/bin/sh
# Prints the interpreter to build an environment with: $PYTHON, else the first of these that is Python 3.11 or newer
# and able to make a virtual environment. A name on PATH proves nothing (pyenv's shims stand there for versions that
# are not selected; Debian ships python3 without venv), so each is run.
set -eu

makes_environments() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

add_venv() {
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "Installing with apt: $package" >&2
    { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$package"; } \
        >/dev/null 2>&1 && makes_environments "$1"
}

tried=''
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
    path=$(command -v "$candidate" 2>/dev/null) || continue
    version=$("$path" -c 'import platform; print(platform.python_version())' 2>/dev/null) || continue
    if ! "$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        tried="$tried; $candidate is $version"
    elif makes_environments "$path" || add_venv "$path"; then
        echo "$path"
        exit 0
    else
        tried="$tried; $candidate lacks venv (on Debian and Ubuntu: apt-get install python3-venv)"
    fi
done
echo "No Python 3.11 or newer that can make an environment was found${PYTHON:+ at $PYTHON}$tried" >&2
echo "Install one, or name it: make PYTHON=/path/to/python3 ..." >&2
exit 1
