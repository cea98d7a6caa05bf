#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A bump in the wire: whatever arrives at one side leaves at the other, also after the daemon was killed.
# Starts a daemon of its own (DEVMAPD names the program), because it kills it.
source "$(dirname "$0")/lib.sh"
folder=$(mktemp -d)
cleanup rm -r "$folder"
socket=$folder/devmapd.sock
settings=(--ControlPlane:PinRoot=/sys/fs/bpf/devmapd-bump-$$ "--ControlPlane:StateDirectory=$folder/state" "--ControlPlane:Listen:UnixSocket=$socket")
cleanup "${DEVMAPD:-devmapd}" teardown "${settings[@]}"
start() {
    "${DEVMAPD:-devmapd}" run "${settings[@]}" >"$folder/log" &
    daemon=$!
    eventually curl -sS --fail --unix-socket "$socket" http://localhost/readyz
}
cleanup 'kill $daemon; wait $daemon'

container "bmpa$$" 10.99.0.1/24
container "bmpb$$" 10.99.0.2/24
start
for side in a b; do
    api PUT "/v1/devmaps/default/attachments/bmp$side$$" '{"mode": "auto"}' >/dev/null
done
api PUT "/v1/devmaps/default/entries/bmpa$$?wait=Forwarding" "{\"interface\": \"bmpb$$\"}" >/dev/null
api PUT "/v1/devmaps/default/entries/bmpb$$?wait=Forwarding" "{\"interface\": \"bmpa$$\"}" >/dev/null
tcp "bmpa$$" "bmpb$$" 10.99.0.2

kill -9 $daemon
wait $daemon 2>/dev/null || true
within "bmpa$$" ping -q -c 5 -i 0.2 -W 1 10.99.0.2
tcp "bmpa$$" "bmpb$$" 10.99.0.2
echo "frames flow without the daemon"

start
api GET "/v1/devmaps/default/entries/bmpa$$" | grep '"state":"Forwarding"' >/dev/null
tcp "bmpa$$" "bmpb$$" 10.99.0.2
echo "the daemon is back, and has both entries"
