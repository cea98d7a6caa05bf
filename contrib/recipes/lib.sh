# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the recipes beside this file: calls of the API, namespaces that go with the script, and waits.
set -euo pipefail
socket=${DEVMAPD_SOCKET:-/run/devmapd/devmapd.sock}

# api METHOD PATH [JSON]: a call over the unix socket; fails with the problem if it is refused.
api() { curl -sS --fail-with-body -X "$1" --unix-socket "$socket" "http://localhost$2" ${3:+-H 'content-type: application/json' -d "$3"}; }

# cleanup COMMAND: runs a command when the script ends, the last one first.
cleanups=()
cleanup() { cleanups=("$*" "${cleanups[@]}"); }
trap 'set +e; for command in "${cleanups[@]}"; do eval "$command" >/dev/null 2>&1; done' EXIT

# container NAME ADDRESS: a network namespace with eth0, whose other end here is called NAME.
container() {
    ip netns add "$1"
    cleanup ip netns delete "$1"
    ip link add "$1" type veth peer name eth0 netns "$1"
    cleanup ip link delete "$1"
    ip link set "$1" up
    ip -n "$1" address add "$2" dev eth0
    ip -n "$1" link set lo up
    ip -n "$1" link set eth0 up
}

# within NAME COMMAND: runs a command in the namespace.
within() { nsenter --net="/run/netns/$1" "${@:2}"; }

# mac NAME: the address of eth0 in the namespace.
mac() { ip -n "$1" -json link show eth0 | sed -n 's/.*"address":"\([^"]*\)".*/\1/p'; }

# eventually COMMAND: repeats a command until it succeeds, for at most ten seconds.
eventually() {
    local _
    for _ in {1..100}; do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    echo "never succeeded: $*" >&2
    return 1
}

# tcp FROM TO ADDRESS: sends a megabyte by TCP from one namespace to another, and compares.
tcp() {
    local folder
    folder=$(mktemp -d)
    head -c 1000000 /dev/urandom >"$folder/file"
    nsenter --net="/run/netns/$2" python3 -m http.server --bind "$3" --directory "$folder" 8000 >/dev/null 2>&1 &
    local server=$!
    within "$1" curl -s --retry 50 --retry-delay 1 --retry-connrefused --connect-timeout 2 --max-time 30 -o "$folder/copy" "http://$3:8000/file" || true
    kill $server
    wait $server 2>/dev/null || true
    cmp "$folder/file" "$folder/copy"
    rm -r "$folder"
    echo "a megabyte by TCP from $1 to $2"
}
