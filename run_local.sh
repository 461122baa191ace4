#!/usr/bin/env bash
# Sets newsbeam up in .venv, once, and runs it.
#
#   ./run_local.sh               runs the samples into out/
#   ./run_local.sh test ARG...   linters, types and all the tests; ARG... goes to pytest
#   ./run_local.sh ARG...        newsbeam ARG...
#
# PYTHON=/path/to/python3.12 chooses the interpreter that .venv is made with. pip's own settings hold
# (pip.conf, PIP_INDEX_URL ...).

set -euo pipefail

root="$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
venv="$root/.venv"
python="$venv/bin/python"

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "run_local.sh: $*"
    exit 1
}

# Whether $1 is a Python that the pinned versions were resolved for.
is_supported() {
    "$1" -I -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

# Prints the Python to make .venv with.
find_python() {
    local candidate unfit=""
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python3.10; do
        if is_supported "$candidate"; then
            if "$candidate" -I -c 'import ensurepip, venv' >/dev/null 2>&1; then
                printf '%s\n' "$candidate"
                return
            fi
            unfit="$unfit
  $candidate has no venv module (on Debian and Ubuntu: apt install python3-venv)"
        elif command -v -- "$candidate" >/dev/null; then
            unfit="$unfit
  $candidate is $("$candidate" --version 2>&1 | head -n 1)"
        fi
        # A Python that was asked for by name is not quietly replaced by another.
        [[ -z ${PYTHON:-} ]] || break
    done
    fail "newsbeam needs Python 3.10, 3.11, 3.12 or 3.13 with its venv module; found:${unfit:- ${PYTHON:-none}}"
}

# What an install from the lock file $1 is made of; it is made again when this changes. The folder is part of it
# because an editable install and the scripts beside it hold its path, the version because a system's python3
# can be upgraded beneath a .venv.
recipe() {
    printf '%s\n' "$root"
    "$python" -I -S -c 'import sys; print(sys.version_info[:2])' 2>/dev/null
    cat -- "$root/$1" "$root/setup.py"
}

is_installed() {
    [[ ! -e $venv/installing ]] && recipe "$1" | cmp -s -- - "$venv/$1.installed"
}

mark_installed() {
    recipe "$1" >"$venv/$1.part"
    mv -f -- "$venv/$1.part" "$venv/$1.installed"
}

# Stops if another run_local.sh is at work on this .venv. A process id alone is not proof: after a restart, or in
# a new container, it is soon another program's.
refuse_second_install() {
    local pid command_line
    pid="$(cat -- "$venv/installing" 2>/dev/null)" || return 0
    [[ $pid =~ ^[0-9]+$ && $pid != "$$" ]] || return 0
    command_line="$(ps -p "$pid" -o args= 2>/dev/null || tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")" || return 0
    if [[ $command_line == *run_local.sh* ]]; then
        fail "process $pid is installing into $venv; try again when it is done"
    fi
}

pip_install() {
    "$python" -m pip install --quiet --no-input --disable-pip-version-check --progress-bar off --no-user "$@"
}

# Makes .venv hold what the lock file $1 names, and newsbeam itself.
install() {
    local base="" lock="$1"
    refuse_second_install
    # A stop in the middle of an install leaves half-written packages that pip can't always tell from whole ones.
    if [[ -e $venv/installing ]] || { [[ -e $venv || -L $venv ]] && ! is_supported "$python"; }; then
        say "Making .venv again: it was not complete, or its Python is gone"
        rm -rf -- "$venv"
    fi
    if [[ ! -x $python ]]; then
        base="$(find_python)"
    fi
    mkdir -p -- "$venv"
    if ! (set -o noclobber && printf '%s\n' "$$" >"$venv/installing") 2>/dev/null; then
        fail "can't write to $venv, or another run_local.sh has just begun to"
    fi
    rm -f -- "$venv"/*.installed
    say "Installing newsbeam and what it needs by $lock into .venv (once, about a minute)"
    if [[ -n $base ]]; then
        "$base" -m venv -- "$venv"
    elif ! "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m ensurepip >/dev/null
    fi
    # First what builds the rest, from the lock too: a build that fetched the newest setuptools would not be pinned.
    awk '/^[^ #]/ { wanted = /^(packaging|setuptools|wheel)==/ } wanted' "$root/$lock" >"$venv/build.lock"
    pip_install --require-hashes --no-deps -r "$venv/build.lock"
    pip_install --require-hashes --no-build-isolation -r "$root/$lock"
    pip_install --no-deps --no-build-isolation -e "$root"
    mark_installed "$lock"
    if [[ $lock == requirements-test.lock ]]; then
        mark_installed requirements.lock # a part of it
    fi
    rm -f -- "$venv/installing"
}

ensure_installed() {
    is_installed "$1" || install "$1"
}

heading() { printf '\n== %s\n' "$*"; }

if [[ ${1:-} == test ]]; then
    shift
    ensure_installed requirements-test.lock
    cd -- "$root"
    heading "ruff check"
    "$python" -m ruff check .
    heading "ruff format --check"
    "$python" -m ruff format --check .
    heading "mypy"
    "$python" -m mypy
    heading "pytest"
    "$python" -m pytest -n 2 "$@"
    exit
fi

ensure_installed requirements.lock
if [[ $# -eq 0 ]]; then
    set -- run --input "$root/pipeline/samples" --output "$root/out"
fi
# The script and not `-m pipeline`, which would find a folder of that name where the user stands.
exec "$python" "$venv/bin/newsbeam" "$@"
