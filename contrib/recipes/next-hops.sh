#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two next hops on one LAN: the frames of a container go to the first; when that one is no longer alive, the orchestrator's watch moves them to
# the second. Needs the Python client.
source "$(dirname "$0")/lib.sh"

# The LAN: a bridge with the host's port and two next hops that have the same service address.
ip netns add "lan$$"
cleanup ip netns delete "lan$$"
ip link add "lan$$" type veth peer name host netns "lan$$"
cleanup ip link delete "lan$$"
ip link set "lan$$" up
ip -n "lan$$" link add bridge type bridge
ip -n "lan$$" link set bridge up
ip -n "lan$$" link set host master bridge up
for hop in a b; do
    ip netns add "hop$hop$$"
    cleanup ip netns delete "hop$hop$$"
    ip -n "lan$$" link add "port-$hop" type veth peer name eth0 netns "hop$hop$$"
    ip -n "lan$$" link set "port-$hop" master bridge up
    ip -n "hop$hop$$" address add 10.94.0.1/32 dev eth0
    ip -n "hop$hop$$" link set eth0 up
done
container "user$$" 10.94.0.2/24
ip -n "user$$" neighbour add 10.94.0.1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent

devmap=/v1/devmaps/default
api PUT "$devmap/attachments/user$$" '{"mode": "auto"}' >/dev/null
cleanup api DELETE "$devmap/attachments/user$$"
for hop in a b; do
    api PUT "/v1/leases/hop$hop$$" '{"ttl": "60s"}' >/dev/null
    cleanup api DELETE "/v1/leases/hop$hop$$"
    number=$((900000 + $$ % 1000 * 2))
    [ "$hop" = a ] || number=$((number + 1))
    address=$(mac "hop$hop$$")
    api PUT "$devmap/entries/$number?allowPending=true" "{\"interface\": \"lan$$\", \"lease\": \"hop$hop$$\", \"labels\": {\"hop\": \"${address//:/-}\"}}" >/dev/null
done
"$(dirname "$0")/next-hops.py" "unix:$socket" default "user$$" "lan$$" &
orchestrator=$!
cleanup api DELETE "$devmap/entries/user$$?owner=next-hops"
cleanup "kill $orchestrator; wait $orchestrator"

# The pings that have arrived at a next hop.
pings() { within "hop$1$$" awk '$1 == "Icmp:" { value = $2 } END { print value }' /proc/net/snmp; }

received() { # HOP: whether pings of the container arrive there
    local before
    before=$(pings "$1")
    within "user$$" ping -q -c 3 -i 0.1 -W 0.1 10.94.0.1 >/dev/null || true
    [ "$(pings "$1")" -eq $((before + 3)) ]
}
eventually received a
echo "frames go to the first"
api DELETE "/v1/leases/hopa$$"
eventually received b
echo "the first is no longer alive: frames go to the second"
if received a; then exit 1; fi
