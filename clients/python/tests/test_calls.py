# SPDX-License-Identifier: Apache-2.0
"""Addresses, errors, deadlines, repeats and lists."""

import asyncio
import inspect
import os
import socket

import busy_server
import grpc
import pytest

import devmapd
from devmapd import errors, services, v1

FAST = devmapd.Retry(first_delay=0.01)


def put(key, interface='sim1', **spec):
    return v1.PutEntryRequest(devmap='default', key=key, spec=v1.EntrySpec(interface=interface, **spec))


def get(key):
    return v1.GetEntryRequest(devmap='default', key=key)


def batch(key, **options):
    item = v1.BatchItem(put=v1.BatchPut(devmap='default', key=key, spec=v1.EntrySpec(interface='sim1')))
    return v1.ApplyEntriesRequest(mode=v1.BATCH_MODE_ATOMIC, items=[item], **options)


def test_entry_is_put_read_and_deleted(client, key):
    assert client.devmap.put_entry(put(key)).created
    assert client.devmap.get_entry(get(key)).entry.spec.interface == 'sim1'
    client.devmap.delete_entry(v1.DeleteEntryRequest(devmap='default', key=key))
    with pytest.raises(errors.EntryNotFound):
        client.devmap.get_entry(get(key))


def test_tls_reaches_the_same_daemon(client, key):
    client.devmap.put_entry(put(key))
    with devmapd.connect(os.environ['DEVMAPD_TLS'], token=os.environ['DEVMAPD_TOKEN'], authority=os.environ['DEVMAPD_CA']) as other:
        assert other.devmap.get_entry(get(key)).entry.key == key


def test_tcp_needs_a_token():
    with devmapd.connect(os.environ['DEVMAPD_TCP'], token=os.environ['DEVMAPD_TCP_TOKEN']) as other:
        assert other.host.get_host(v1.GetHostRequest()).host.kernel_release
    with devmapd.connect(os.environ['DEVMAPD_TCP']) as nobody, pytest.raises(errors.Unauthenticated):
        nobody.host.get_host(v1.GetHostRequest())


def test_unknown_address_is_refused():
    with pytest.raises(ValueError):
        devmapd.connect('ftp://nowhere')


def test_asyncio_puts_reads_and_fails(address, key):
    async def run():
        async with devmapd.connect_async(address) as client:
            await client.devmap.put_entry(put(key))
            entries = [entry async for entry in client.devmap.list_all_entries(v1.ListEntriesRequest(devmap='default', page_size=2))]
            assert key in {entry.key for entry in entries}
            pages = [page async for page in client.devmap.stream_entries(v1.StreamEntriesRequest(devmap='default'))]
            assert key in {entry.key for page in pages for entry in page.entries}
            with pytest.raises(errors.EntryNotFound):
                await client.devmap.get_entry(get('99'))

    asyncio.run(run())


def test_asyncio_over_tls():
    async def run():
        options = {'token': os.environ['DEVMAPD_TOKEN'], 'authority': os.environ['DEVMAPD_CA']}
        async with devmapd.connect_async(os.environ['DEVMAPD_TLS'], **options) as client:
            assert (await client.host.get_host(v1.GetHostRequest())).host.kernel_release

    asyncio.run(run())


def test_refusal_has_code_resource_and_status(client, key):
    revision = client.devmap.put_entry(put(key)).entry.revision
    request = put(key, 'sim2')
    request.expected_revision = revision + 1

    with pytest.raises(errors.RevisionMismatch) as failure:
        client.devmap.put_entry(request)

    error = failure.value
    assert (error.code, error.status, error.resource) == ('revision_mismatch', grpc.StatusCode.ABORTED, f'devmaps/default/entries/{key}')
    assert str(revision) in str(error)


def test_invalid_argument_has_all_fields(client):
    with pytest.raises(errors.InvalidArgument) as failure:
        client.devmap.put_entry(put('', 'no such thing', labels={'bad name': 'x'}))

    assert len(failure.value.fields) >= 2
    assert any(field.field == 'spec.interface' and field.message for field in failure.value.fields)


def test_conflict_has_a_remedy(client, key):
    client.program.put_program(v1.PutProgramRequest(program='conflict-py', spec=v1.EgressProgramSpec(template=v1.EGRESS_TEMPLATE_COUNT)))
    client.devmap.put_entry(put(key, 'sim3', egress_program='conflict-py'))
    try:
        with pytest.raises(errors.EgressProgramConflict) as failure:
            client.devmap.put_entry(put(key + '0', 'sim3'))
        assert failure.value.remedy.summary in str(failure.value)
    finally:
        client.devmap.delete_entry(v1.DeleteEntryRequest(devmap='default', key=key))


def test_no_daemon_is_no_answer(tmp_path):
    with devmapd.connect(f'unix:{tmp_path}/nobody.sock', retry=FAST) as nobody, pytest.raises(devmapd.NoAnswer) as failure:
        nobody.host.get_host(v1.GetHostRequest())

    assert (failure.value.code, failure.value.status) == (None, grpc.StatusCode.UNAVAILABLE)


def test_silent_server_ends_at_the_deadline():
    with socket.create_server(('127.0.0.1', 0)) as silent:
        with devmapd.connect(f'http://127.0.0.1:{silent.getsockname()[1]}', deadline=0.2) as client:
            with pytest.raises(devmapd.NoAnswer) as failure:
                client.host.get_host(v1.GetHostRequest())

    assert failure.value.status in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE)


def test_busy_call_is_repeated_after_the_delay_of_the_daemon():
    with busy_server.start() as (server, address), devmapd.connect(address, retry=FAST) as client:
        server.refusals = 2
        assert client.devmap.put_entry(put('1')).created
        assert len(server.calls) == 3


def test_busy_call_is_given_up_in_the_end():
    with busy_server.start() as (server, address), devmapd.connect(address, retry=FAST) as client:
        server.refusals = 100
        with pytest.raises(errors.WriterBusy) as failure:
            client.devmap.put_entry(put('1'))
        assert failure.value.retry_after == 0.02
        assert len(server.calls) == FAST.attempts


def test_call_without_an_answer_is_repeated_if_it_does_the_same_twice():
    def calls_of(call):
        server.calls.clear()
        try:
            call()
        except devmapd.NoAnswer:
            return 'given up', len(server.calls)
        return 'answered', len(server.calls)

    with busy_server.start() as (server, address), devmapd.connect(address, retry=FAST) as client:
        server.refusals, server.answers_nothing = 1, True
        first = put('1')
        first.expected_revision = 0
        assert calls_of(lambda: client.devmap.put_entry(first)) == ('given up', 1)
        assert calls_of(lambda: client.devmap.delete_entry(v1.DeleteEntryRequest(devmap='default', key='1'))) == ('given up', 1)
        assert calls_of(lambda: client.devmap.apply_entries(batch('1'))) == ('given up', 1)
        assert calls_of(lambda: client.devmap.apply_entries(batch('1', idempotency_key='once'))) == ('answered', 2)
        assert calls_of(lambda: client.devmap.put_entry(put('1'))) == ('answered', 2)
        assert calls_of(lambda: client.devmap.get_entry(get('1'))) == ('answered', 2)


def test_asyncio_repeats_alike():
    async def run(server, address):
        async with devmapd.connect_async(address, retry=FAST) as client:
            server.refusals = 2
            assert (await client.devmap.put_entry(put('1'))).created
            assert len(server.calls) == 3

    with busy_server.start() as (server, address):
        asyncio.run(run(server, address))


def test_batch_with_a_key_happens_once(client, key):
    first = client.devmap.apply_entries(batch(key, idempotency_key='py-' + key))
    again = client.devmap.apply_entries(batch(key, idempotency_key='py-' + key))

    assert first.revision == again.revision


def test_call_that_waits_outlives_the_deadline(address, key):
    with devmapd.connect(address, deadline=0.2) as client:
        request = v1.WaitEntriesRequest(devmap=['default'], owner='nobody')
        request.timeout.FromMilliseconds(500)
        assert not client.devmap.wait_entries(request).wait_satisfied


def test_list_goes_through_all_pages(client):
    keys = [str(key) for key in range(5000, 5025)]
    for key in keys:
        client.devmap.put_entry(put(key, owner='lists-py'))
    request = v1.ListEntriesRequest(devmap='default', page_size=10, owner='lists-py')

    assert sorted(entry.key for entry in client.devmap.list_all_entries(request)) == keys
    assert request.page_token == ''


def test_stream_of_batches_is_answered_in_order(client, key):
    item = v1.BatchItem(put=v1.BatchPut(devmap='default', key=key, spec=v1.EntrySpec(interface='sim1')))
    batches = [v1.WriteEntriesRequest(mode=v1.BATCH_MODE_ATOMIC, items=[item]) for _ in range(3)]

    assert [len(answer.results) for answer in client.devmap.write_entries(batches)] == [1, 1, 1]


def test_every_service_and_call_is_there():
    for file in (value for name, value in vars(v1).items() if name.endswith('_pb2')):
        for service in file.DESCRIPTOR.services_by_name.values():
            for prefix in ('', 'Async'):
                calls = getattr(services, prefix + service.name)
                assert len([name for name, _ in inspect.getmembers(calls, inspect.isfunction)]) > len(service.methods)
