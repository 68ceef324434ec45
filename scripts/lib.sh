# Shared by the scripts: a virtual environment from the lock file, and what apt must bring.
# Sourced, not run. Everything it installs it says first.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

# PostgreSQL of whatever version the machine's Debian has; `binaries` in tests/support/postgres.py finds it.
postgresql='/usr/lib/postgresql/*/bin/initdb=postgresql'

say() { echo "healthpost: $*" >&2; }

# need_apt PROGRAM=PACKAGE …: install the packages whose program (or file, or pattern of one) is missing.
need_apt() {
    local pair missing=()
    for pair; do
        compgen -G "${pair%%=*}" >/dev/null || command -v "${pair%%=*}" >/dev/null 2>&1 || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        say "please install as root: apt-get install ${missing[*]}"
        exit 1
    fi
    say "installing with apt: ${missing[*]}"
    local log; log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 \
        || { cat "$log" >&2; say "apt could not install ${missing[*]}"; exit 1; }
    rm -f "$log"
}

need_venv_support() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { say "python3 >= 3.11 is needed"; exit 1; }
    python3 -c 'import ensurepip, venv' 2>/dev/null || need_apt /nowhere=python3-venv
}

# prepare LOCK: make .venv hold exactly that lock file; a stamp makes the second time instant.
prepare() {
    local lock=$root/requirements/$1.lock stamp wanted
    stamp=$venv/.prepared-$1
    wanted=$(cat "$lock" "$root/setup.py" | sha256sum)
    if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        compile_own
        return 0
    fi
    need_venv_support
    say "preparing the virtual environment ($1)"
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/python" -m pip install -q --require-hashes -r "$lock" >&2
    "$venv/bin/python" -m pip install -q --no-deps --no-build-isolation -e "$root" >&2
    "$venv/bin/python" -m compileall -q -j 0 "$venv"/lib/python3*/site-packages >/dev/null 2>&1 || true
    compile_own
    echo "$wanted" >"$stamp"
}

# Bytecode beforehand, also where Python is told to write none: each of many processes would compile
# for itself at every start, and keep the memory that it took.
compile_own() {
    (cd "$root" && "$venv/bin/python" -m compileall -q edge web devices sync kiosk_ui provisioning hospital) >&2 || true
}
