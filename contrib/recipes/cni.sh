#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two containers whose addresses the CNI plugin puts into a devmap `routes` with the selector ipv4Destination; TCP between them.
source "$(dirname "$0")/lib.sh"
plugin=$(dirname "$0")/../cni/devmapd-cni

cni() { # COMMAND NAME ADDRESS: calls the plugin as a runtime does, with the result of a plugin that has made the veth
    CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=/run/netns/$2 CNI_IFNAME=eth0 "$plugin" <<EOF
{"cniVersion": "1.0.0", "name": "recipe", "type": "devmapd-cni", "devmap": "routes", "socket": "$socket", "prevResult": {
  "cniVersion": "1.0.0",
  "interfaces": [{"name": "$2"}, {"name": "eth0", "mac": "$(mac "$2")", "sandbox": "/run/netns/$2"}],
  "ips": [{"address": "$3/32", "interface": 1}]}}
EOF
}

for one in 1 2; do
    container "pod$one-$$" "10.95.0.$one/32"
    # As many plugins do it: everything goes to the host by a gateway that exists as a neighbour only.
    ip -n "pod$one-$$" route add 169.254.1.1 dev eth0
    ip -n "pod$one-$$" route add default via 169.254.1.1 dev eth0
    ip -n "pod$one-$$" neighbour add 169.254.1.1 lladdr "$(cat "/sys/class/net/pod$one-$$/address")" dev eth0 nud permanent
    cleanup cni DEL "pod$one-$$" "10.95.0.$one"
    cni ADD "pod$one-$$" "10.95.0.$one" >/dev/null
    cni CHECK "pod$one-$$" "10.95.0.$one"
done
tcp "pod1-$$" "pod2-$$" 10.95.0.2
cni DEL "pod2-$$" 10.95.0.2
[ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$socket" http://localhost/v1/devmaps/routes/entries/10.95.0.2)" = 404 ]
echo "the deleted container has no entry"
