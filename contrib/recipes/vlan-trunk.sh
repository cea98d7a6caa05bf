#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A VLAN trunk to containers: on the trunk a tag says whose a frame is. It is pushed where a frame leaves a container and popped where it
# arrives. The trunk is a cable between two switches, `east` and `west`, with two containers each. Both VLANs have the same addresses.
# Needs a devmap `trunk` with the selector vlan, and `default` with ingressInterface.
source "$(dirname "$0")/lib.sh"

attach() { # DEVMAP INTERFACE
    api PUT "/v1/devmaps/$1/attachments/$2" '{"mode": "auto"}' >/dev/null
    cleanup api DELETE "/v1/devmaps/$1/attachments/$2"
}
forward() { # DEVMAP KEY INTERFACE ACTIONS
    api PUT "/v1/devmaps/$1/entries/$2?wait=Forwarding" "{\"interface\": \"$3\", \"actions\": $4}" | grep '"state":"Forwarding"' >/dev/null
    cleanup api DELETE "/v1/devmaps/$1/entries/$2"
}

ip link add "east$$" type veth peer name "west$$"
cleanup ip link delete "east$$"
for side in east west; do
    ip link set "$side$$" up
done

# One devmap has one key for a VLAN, so west has the trunk's devmap, and east a VLAN of its own for each of its containers: 11 and 21.
for vlan in 10 20; do
    container "w$vlan-$$" 10.96.0.1/24
    container "e$vlan-$$" 10.96.0.2/24
    attach default "w$vlan-$$"
    attach default "e$vlan-$$"
    forward default "e$vlan-$$" "east$$" "{\"pushVlan\": $vlan}"
    forward default "w$vlan-$$" "west$$" "{\"pushVlan\": $((vlan + 1))}"
    attach trunk "west$$"
    attach trunk "east$$"
    forward trunk $vlan "w$vlan-$$" '{"popVlan": true}'
    forward trunk $((vlan + 1)) "e$vlan-$$" '{"popVlan": true}'
done
for vlan in 10 20; do
    tcp "e$vlan-$$" "w$vlan-$$" 10.96.0.1
done
