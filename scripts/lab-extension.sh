#!/bin/sh
# Builds the panel of JupyterLab (extensions/lab), and does nothing when it is built from these very sources already.
# Node.js is that of the environment. Where npm cannot fetch its packages, it says so and leaves the panel out.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PATH

cd extensions/lab
sources() {
    cat package.json package-lock.json tsconfig.json
    find src -type f | LC_ALL=C sort | while read -r file; do echo "$file" && cat "$file"; done
}
lock() { cat package.json package-lock.json; }

if [ -e labextension/package.json ] && sources | cmp -s - .built; then exit 0; fi
rm -f .built
if ! lock | cmp -s - node_modules/.lock 2>/dev/null; then
    echo "Fetching what the panel of JupyterLab is built with: a minute or so the first time"
    # Twenty seconds at most between attempts: without a network one is told soon.
    if ! npm ci --no-progress --fetch-retry-maxtimeout=20000 >build.log 2>&1; then
        # Nothing half built is installed.
        rm -rf node_modules labextension && mkdir -p labextension
        echo "The panel of JupyterLab is left out: npm cannot fetch its packages (extensions/lab/build.log says why)"
        exit 0
    fi
    lock >node_modules/.lock
fi
echo "Building the panel of JupyterLab"
npm run build >build.log 2>&1 || { tail -n 30 build.log >&2; exit 1; }
sources >.built
