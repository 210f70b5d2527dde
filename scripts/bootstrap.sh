#!/bin/sh
# Brings an environment to what its lock says, and does nothing when it is there already.
#
#   bootstrap.sh runtime        .venv from requirements.txt       what `make demo` needs
#   bootstrap.sh development    .venv from requirements-dev.txt   what `make test` needs; contains the runtime set
#   bootstrap.sh lower          .venv-lower from requirements-lower.txt
#   bootstrap.sh installer      .venv with nothing but uv in it   what writing the locks needs
#
# What was installed is remembered as a copy of the lock beside it, so a changed lock, a changed pyproject.toml or a
# moved folder is noticed whatever git did to the files' times, and an interrupted run starts again.
set -eu
cd "$(dirname "$0")/.."

wanted=$1
venv=.venv
case $wanted in
    runtime)
        lock=requirements.txt
        # The runtime lock is part of the development lock: syncing to it would only tear the tools out again.
        if [ -e .venv/.synced-development ]; then wanted=development lock=requirements-dev.txt; fi
        ;;
    development) lock=requirements-dev.txt ;;
    lower) lock=requirements-lower.txt venv=.venv-lower ;;
    installer) ;;
    *) echo "usage: $0 runtime|development|lower|installer" >&2; exit 2 ;;
esac
python=$venv/bin/python
project() { pwd; cat pyproject.toml scripts/hatch_build.py workbench/_version.py extensions/lab/.built 2>/dev/null || true; }

if ! "$python" -c '' 2>/dev/null; then
    base=$(sh scripts/find-python.sh)
    echo "Making $venv with $("$base" --version)"
    rm -rf "$venv"
    "$base" -m venv "$venv"
fi

if ! cmp -s requirements-bootstrap.txt "$venv/.synced-bootstrap"; then
    "$python" -m pip --version >/dev/null 2>&1 || "$python" -m ensurepip >/dev/null
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.txt
    cp requirements-bootstrap.txt "$venv/.synced-bootstrap"
fi
[ "$wanted" != installer ] || exit 0
# The machine's own certificates, so that it also works behind a company's proxy.
uv="$venv/bin/uv --system-certs --quiet --no-progress pip"

if ! cmp -s "$lock" "$venv/.synced-$wanted"; then
    echo "Installing the $wanted packages of $lock into $venv: a minute or so the first time"
    # A sync takes out what the lock does not name, the project included.
    rm -f "$venv"/.synced-runtime "$venv"/.synced-development "$venv"/.synced-lower "$venv"/.synced-project
    $uv sync --python "$python" --require-hashes "$lock"
    cp "$lock" "$venv/.synced-$wanted"
fi

# What runs in browsers is built once, by the newest set; the other environment takes what is there.
[ "$wanted" = lower ] || sh scripts/extensions.sh

# The one that compares stops at the first difference, and whoever still writes would complain.
if ! project 2>/dev/null | cmp -s - "$venv/.synced-project"; then
    HATCH_JUPYTER_BUILDER_SKIP_NPM=1 $uv install --python "$python" --no-deps --no-build-isolation --editable .
    project >"$venv/.synced-project"
fi
