# SPDX-License-Identifier: Apache-2.0
"""Watches: snapshot, changes, breaks of the connection, restarts of the daemon."""

import asyncio
import os
import threading

import pytest

import devmapd
from devmapd import errors, v1

FAST = devmapd.Retry(first_delay=0.01, longest_delay=0.2)


@pytest.fixture
def durable():
    """A client of the daemon behind the relay, past the relay. The entries of the daemon go with the test."""
    with devmapd.connect('unix:' + os.environ['DEVMAPD_DURABLE']) as client:
        yield client
        client.devmap.replace_entries(v1.ReplaceEntriesRequest(devmap='default', allow_deletions=100_000))


def put(client, key):
    # The interface does not exist, so that nothing on this host changes.
    request = v1.PutEntryRequest(devmap='default', key=key, spec=v1.EntrySpec(interface='no-such-if'), allow_pending=True)
    return client.devmap.put_entry(request).entry


def until(watch, is_last):
    items = []
    for item in watch:
        items.append(item)
        if is_last(item):
            return items
    raise AssertionError('the watch ended')


def synced(item):
    return item.event is not None and item.event.HasField('synced')


def entry(key):
    return lambda item: item.event is not None and item.event.HasField('entry') and item.event.entry.key == key


def test_watch_begins_with_a_snapshot_then_reports_every_change(durable):
    put(durable, '101')
    with durable.watch('default') as watch:
        assert next(watch).begins_snapshot
        assert next(watch).event.entry.key == '101'
        assert synced(next(watch))
        second = put(durable, '102')
        durable.devmap.delete_entry(v1.DeleteEntryRequest(devmap='default', key='101'))
        assert next(watch).event.revision == second.revision == watch.revision
        assert next(watch).event.entry_deleted.key == '101'


def test_several_devmaps_are_watched_together(durable):
    with durable.watch_devmaps() as watch:
        assert until(watch, synced)[0].begins_snapshot
        put(durable, '103')
        assert until(watch, entry('103'))[-1].devmap == 'default'


def test_watch_resumes_after_every_cut_and_misses_nothing(relay, durable, control):
    with devmapd.connect(relay, retry=FAST) as client, client.watch('default') as watch:
        until(watch, synced)
        for key in ('111', '112', '113'):
            control('cut')
            revision = put(durable, key).revision
            items = until(watch, entry(key))
            assert not any(item.begins_snapshot for item in items)
            assert sum(item.event.HasField('entry') for item in items) == 1
            assert items[-1].event.revision == revision


def test_watch_resumes_after_a_restart_of_the_daemon(relay, durable, control):
    with devmapd.connect(relay, retry=FAST) as client, client.watch('default') as watch:
        put(durable, '121')
        until(watch, synced)
        control('restart')
        put(durable, '122')
        items = until(watch, entry('122'))
        assert not any(item.begins_snapshot for item in items)


def test_watch_begins_again_after_the_store_was_lost(relay, durable, control):
    for key in range(131, 136):
        put(durable, str(key))
    with devmapd.connect(relay, retry=FAST) as client, client.watch('default') as watch:
        until(watch, synced)
        control('reset')
        items = until(watch, synced)
        assert [item.begins_snapshot for item in items].count(True) == 1


def test_revision_too_old_begins_with_a_snapshot(client):
    # More than the daemon keeps.
    for key in range(200, 400):
        client.devmap.put_entry(v1.PutEntryRequest(devmap='default', key=str(key), spec=v1.EntrySpec(interface='sim1')))
    with client.watch('default', revision=2) as watch:
        assert next(watch).begins_snapshot


def test_unknown_devmap_is_refused(client):
    with pytest.raises(errors.DevmapNotFound):
        next(client.watch('nosuch'))


def test_no_daemon_is_reported_at_once(tmp_path):
    with devmapd.connect(f'unix:{tmp_path}/nobody.sock') as nobody, pytest.raises(devmapd.NoAnswer):
        next(nobody.watch('default'))


def test_closed_watch_ends(client):
    with client.watch('default') as watch:
        until(watch, synced)
        closer = threading.Thread(target=watch.close)
        closer.start()
        assert not [item for item in watch if item.begins_snapshot]
        closer.join()


def test_asyncio_watch_resumes_after_a_cut(relay, durable, control):
    async def run():
        async with devmapd.connect_async(relay, retry=FAST) as client, client.watch('default') as watch:
            async for item in watch:
                if synced(item):
                    break
            await asyncio.to_thread(control, 'cut')
            await asyncio.to_thread(put, durable, '141')
            async for item in watch:
                assert not item.begins_snapshot
                if entry('141')(item):
                    return watch.revision

    assert asyncio.run(run()) > 0


def test_cancelled_asyncio_watch_ends(address):
    async def run():
        async with devmapd.connect_async(address) as client, client.watch('default') as watch:
            async for item in watch:
                if synced(item):
                    break
            task = asyncio.ensure_future(watch.__anext__())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
