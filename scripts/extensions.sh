#!/bin/sh
# Builds what runs in browsers, from TypeScript: the panel of JupyterLab (extensions/lab) and the page of dashboards
# (extensions/voila/page). Does nothing where it is built from these very sources already. Node.js is that of the
# environment. Where npm cannot fetch its packages, it says so and leaves the thing out.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PATH

# build NAME FOLDER BUILT: one of them, and what its build leaves.
build() (
    name=$1 built=$3
    cd "$2"
    sources() {
        cat package.json package-lock.json tsconfig.json *.mjs 2>/dev/null || true
        find src -type f | LC_ALL=C sort | while read -r file; do echo "$file" && cat "$file"; done
    }
    lock() { cat package.json package-lock.json; }

    # The one that compares stops at the first difference, and whoever still writes would complain.
    if [ -e "$built" ] && sources 2>/dev/null | cmp -s - .built; then return; fi
    rm -f .built
    if ! lock 2>/dev/null | cmp -s - node_modules/.lock 2>/dev/null; then
        echo "Fetching what $name is built with: a minute or so the first time"
        # Twenty seconds at most between attempts: without a network one is told soon.
        if ! npm ci --no-progress --fetch-retry-maxtimeout=20000 >build.log 2>&1; then
            # Nothing half built is installed.
            rm -rf node_modules "$(dirname "$built")"
            echo "Left out: $name, since npm cannot fetch its packages ($2/build.log says why)"
            return
        fi
        lock >node_modules/.lock
    fi
    echo "Building $name"
    npm run build >build.log 2>&1 || { tail -n 30 build.log >&2; exit 1; }
    sources >.built
)

build "the panel of JupyterLab" extensions/lab labextension/package.json
build "the page of dashboards" extensions/voila/page ../workbench_voila/static/page.js
# An installation names both folders.
mkdir -p extensions/lab/labextension extensions/voila/workbench_voila/static
