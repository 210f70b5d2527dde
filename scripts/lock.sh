#!/bin/sh
# Writes the lock files from pyproject.toml, for all platforms and Pythons that it allows, with hashes and without any
# registry's address. Versions already locked stay; `make lock ARGS=--upgrade` moves all of them, and
# `make lock ARGS='--upgrade-package polars'` one.
set -eu
cd "$(dirname "$0")/.."

compile() {
    .venv/bin/uv --system-certs --quiet pip compile --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate "$@"
}

compile requirements-bootstrap.in -o requirements-bootstrap.txt "$@"
compile pyproject.toml --extra dev -o requirements-dev.txt "$@"
# Constrained by the development lock, so that the one is a part of the other.
compile pyproject.toml --extra build --constraint requirements-dev.txt -o requirements.txt
# Starts from the development lock, so that it differs only where the lower set asks for it.
cp requirements-dev.txt requirements-lower.txt
compile pyproject.toml --extra dev --constraint requirements-lower.in -o requirements-lower.txt
