#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps the frames of a devmap's key on a next hop that is alive: the orchestrator of next-hops.sh.

Each next hop on the LAN says that it is alive by an entry of its own in the devmap, under a lease: the label `hop` has its MAC address. When
its lease ends, the entry goes, and this program, which watches the devmap, sends the frames to another one.

Usage: next-hops.py ADDRESS DEVMAP KEY INTERFACE
"""

import sys

import devmapd
from devmapd import v1


def main(address, devmap, key, interface):
    hops, current, in_sync = {}, None, False
    with devmapd.connect(address) as client, client.watch(devmap) as watch:
        for item in watch:
            if item.begins_snapshot:
                hops, in_sync = {}, False
                continue
            event = item.event
            if event.HasField('entry') and 'hop' in event.entry.spec.labels:
                hops[event.entry.key] = event.entry.spec.labels['hop'].replace('-', ':')
            elif event.HasField('entry_deleted'):
                hops.pop(event.entry_deleted.key, None)
            in_sync = in_sync or event.HasField('synced')
            if in_sync and hops and current not in hops.values():
                current = hops[min(hops)]
                spec = v1.EntrySpec(interface=interface, actions=v1.EntryActions(destination_mac=current), owner='next-hops')
                client.devmap.put_entry(v1.PutEntryRequest(devmap=devmap, key=key, spec=spec))
                print('next hop', current, flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
