#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An announce gate for a BGP daemon: a route is announced only once frames for it would arrive. announce-gate prints what ExaBGP takes from
# a process; for bird, call `birdc enable` in its place.
source "$(dirname "$0")/lib.sh"
devmap=/v1/devmaps/default

announce-gate() { # SERVICE PREFIX
    until curl -sS --fail --unix-socket "$socket" "http://localhost/v1/entries:wait?devmap=default&label=service=$1&timeout=30s" | grep '"waitSatisfied":true' >/dev/null; do :; done
    echo "announce route $2 next-hop self"
}

container "gatea$$" 10.97.0.1/24
container "gateb$$" 10.97.0.2/24
announce-gate "web$$" 198.51.100.0/24 >"/tmp/gate-$$" &
gate=$!
cleanup rm -f "/tmp/gate-$$"
cleanup kill $gate

# The entry is there, and its target is down: nothing is announced.
ip link set "gateb$$" down
api PUT $devmap/attachments/"gatea$$" '{"mode": "auto"}' >/dev/null
cleanup api DELETE $devmap/attachments/"gatea$$"
api PUT $devmap/entries/"gatea$$" "{\"interface\": \"gateb$$\", \"labels\": {\"service\": \"web$$\"}}" | grep -o '"state":"[A-Za-z]*"'
cleanup api DELETE $devmap/entries/"gatea$$"
[ ! -s "/tmp/gate-$$" ]

ip link set "gateb$$" up
wait $gate
cat "/tmp/gate-$$"
grep -q "announce route" "/tmp/gate-$$"
