#!/bin/sh
# What the tests use beyond Python packages: installed where we may (apt, as root), otherwise named in one line; the
# tests that need it are then skipped, saying so. In CI something missing is an error.
set -eu

any_command() { for name in "$@"; do command -v "$name" >/dev/null 2>&1 && return 0; done; return 1; }

chromium_found() {
    [ -x "${WORKBENCH_CHROMIUM:-}" ] || any_command chromium chromium-browser google-chrome google-chrome-stable ||
        [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]
}

postgres_found() {
    for initdb in $(command -v initdb || true) /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb \
        /opt/homebrew/opt/postgresql@*/bin/initdb; do
        [ -x "$initdb" ] || continue
        major=$("$initdb" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
        [ "$major" -lt 15 ] || return 0
    done
    return 1
}

mariadb_found() {
    PATH=$PATH:/usr/sbin:/usr/libexec any_command mariadbd
}

font_found() {
    if any_command fc-list; then fc-list | grep -qi "$1"; else find /usr/share/fonts -iname "$1*" 2>/dev/null | grep -q .; fi
}

missing() {
    chromium_found || echo chromium
    postgres_found || echo postgresql
    mariadb_found || echo mariadb-server
    any_command pdftoppm || echo poppler-utils
    [ "$(uname)" = Darwin ] || font_found DejaVu || echo fonts-dejavu-core
    [ "$(uname)" = Darwin ] || font_found Liberation || echo fonts-liberation
}

packages=$(missing | xargs)
[ -n "$packages" ] || exit 0

if [ "$(id -u)" = 0 ] && any_command apt-get; then
    echo "Installing with apt: $packages"
    export DEBIAN_FRONTEND=noninteractive
    # Debian's package makes and starts a server of its own; the tests start theirs and need the programs only.
    no_cluster=/etc/postgresql-common/createcluster.d/no-cluster-for-tests.conf
    case $packages in *postgresql*) mkdir -p "${no_cluster%/*}" && echo 'create_main_cluster = false' >"$no_cluster" ;; esac
    log=$(mktemp)
    # shellcheck disable=SC2086 # a list of names
    if ! { apt-get -q update && apt-get -q install -y --no-install-recommends $packages; } >"$log" 2>&1; then
        tail -n 20 "$log"
    fi
    rm -f "$log" "$no_cluster"
    packages=$(missing | xargs)
    [ -n "$packages" ] || exit 0
fi

how="sudo apt-get install $packages"
[ "$(uname)" != Darwin ] || how="brew install --cask chromium; brew install postgresql@17 mariadb poppler"
echo "Missing for some tests, which will be skipped: $packages (to have them: $how)"
[ -z "${CI:-}" ] || exit 1
