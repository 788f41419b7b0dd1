#!/bin/sh
# The main job on the sample repository in examples/shop, in a throw-away copy: scan, dry run, migrate, the sample's
# tests before and after, undo. PYTHON is an interpreter that has holdline[toolkit] and pytest; `make demo` sets it.
# Exits 1 as soon as anything is not as claimed.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
PYTHON=${PYTHON:-python3}
PATH=$(dirname "$(command -v "$PYTHON")"):$PATH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The developer's own git settings and hooks have no say here.
for name in $(env | sed -n 's/^\(GIT_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
# Nor have the pytest plugins that happen to be installed here.
export PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
export PATH PYTHONDONTWRITEBYTECODE=1 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=Demo GIT_AUTHOR_EMAIL=demo@example.org GIT_COMMITTER_NAME=Demo GIT_COMMITTER_EMAIL=demo@example.org

bold= plain=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi
say() { printf '\n%s# %s%s\n' "$bold" "$*" "$plain"; }
run() { printf '$ %s\n' "$*"; "$@"; }
fail() { echo "demo: $*" >&2; exit 1; }

cp -R "$project/examples/shop" "$work/shop"
cd "$work/shop"
find . -name __pycache__ -type d -prune -exec rm -rf {} +
git -c init.defaultBranch=main init --quiet
git add --all
git commit --quiet --message "The shop as it was"

say "The shop's tests read, write and patch os.environ directly. How much of that is there?"
run holdline scan --quiet

say "Its tests pass"
run python -m pytest -q --junitxml ../before.xml

say "What would be changed? The three most urgent files; nothing is written"
run migrate --dry-run --max-files 3
[ -z "$(git status --porcelain)" ] || fail "a dry run wrote something"

say "The whole dry run is a patch that git takes"
migrate --dry-run >../dry-run.diff 2>../summary
run git apply --check ../dry-run.diff
cp -R . ../patched
git -C ../patched apply ../dry-run.diff

say "Migrate: every safe fix, in priority order; what is not safe is left, with the reason"
run migrate
diff -r --exclude .git . ../patched || fail "the dry run's diff and the migration differ"

say "Its tests pass as before, each one"
run python -m pytest -q --junitxml ../after.xml
python "$project/corpus/junit_sets.py" ../before.xml ../after.xml >../outcomes ||
    { cat ../outcomes; fail "a test's outcome changed"; }

say "The score after; the shop's own source is next: migrate --scope source"
run holdline scan --quiet

say "Undo: byte for byte"
run holdline undo
[ -z "$(git status --porcelain)" ] || fail "undo left something changed"
run git status --short --branch

say "That was the main job. Try it on your own repository: README.md"
