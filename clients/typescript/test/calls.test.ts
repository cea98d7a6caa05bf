// SPDX-License-Identifier: Apache-2.0

import { create, toBinary } from '@bufbuild/protobuf';
import { Code as Status } from '@connectrpc/connect';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer as createSilent } from 'node:net';
import { test, type TestContext } from 'node:test';
import createRest from 'openapi-fetch';
import type { paths } from '../src/gen/rest.js';
import { ErrorInfoSchema, RetryInfoSchema, StatusSchema } from '../src/gen/devmapd/rpc/details_pb.js';
import { BatchMode, EgressTemplate } from '../src/gen/v1.js';
import { Client, fetchOver } from '../src/index.js';
import * as support from './support.js';
import { client, fast, newKey, refused } from './support.js';

const devmap = 'default';
const put = (key: string, spec = {}) => ({ devmap, key, spec: { interface: 'sim1', ...spec } });
const batch = (key: string, idempotencyKey = '') => ({
  mode: BatchMode.ATOMIC, idempotencyKey, items: [{ write: { case: 'put' as const, value: put(key) } }],
});

test('an entry is put, read and deleted', async () => {
  const [daemon, key] = [client(), newKey()];
  assert.ok((await daemon.devmap.putEntry(put(key))).created);
  assert.equal((await daemon.devmap.getEntry({ devmap, key })).entry?.spec?.interface, 'sim1');
  await daemon.devmap.deleteEntry({ devmap, key });
  await refused(daemon.devmap.getEntry({ devmap, key }), 'entry_not_found');
});

test('TLS reaches the same daemon', async () => {
  const daemon = client(support.DEVMAPD_TLS, { token: support.DEVMAPD_TOKEN, tls: { ca: readFileSync(support.DEVMAPD_CA!) } });
  assert.ok((await daemon.host.getHost({})).host?.simulated);
});

test('TCP needs a token', async () => {
  await client(support.DEVMAPD_TCP, { token: support.DEVMAPD_TCP_TOKEN }).host.getHost({});
  await refused(client(support.DEVMAPD_TCP).host.getHost({}), 'unauthenticated');
});

test('an unknown address is refused', () => assert.throws(() => new Client('ftp://nowhere'), TypeError));

test('a refusal has code, resource and status', async () => {
  const [daemon, key] = [client(), newKey()];
  const { entry } = await daemon.devmap.putEntry(put(key));
  const error = await refused(daemon.devmap.putEntry({ ...put(key, { interface: 'sim2' }), expectedRevision: entry!.revision! + 1n }), 'revision_mismatch');
  assert.deepEqual([error.status, error.resource], [Status.Aborted, `devmaps/default/entries/${key}`]);
});

test('invalid_argument has all fields', async () => {
  const error = await refused(client().devmap.putEntry(put('', { interface: 'no such thing', labels: { 'bad name': 'x' } })), 'invalid_argument');
  assert.ok(error.fields.length >= 2);
  assert.ok(error.fields.some((f) => f.field === 'spec.interface'));
});

test('a conflict has a remedy', async () => {
  const [daemon, key] = [client(), newKey()];
  await daemon.program.putProgram({ program: 'conflict-ts', spec: { template: EgressTemplate.COUNT } });
  await daemon.devmap.putEntry(put(key, { interface: 'sim3', egressProgram: 'conflict-ts' }));
  const error = await refused(daemon.devmap.putEntry(put(newKey(), { interface: 'sim3' })), 'egress_program_conflict');
  assert.ok(error.remedy?.summary);
  await daemon.devmap.deleteEntry({ devmap, key });
});

test('without a daemon there is no code', async () => {
  const error = await refused(client('unix:/nonexistent/nobody.sock', { retry: fast }).host.getHost({}));
  assert.equal(error.status, Status.Unavailable);
});

test('a silent server ends at the deadline', async (t) => {
  const silent = createSilent((socket) => t.after(() => socket.destroy())).listen(0, '127.0.0.1');
  t.after(() => silent.close());
  await new Promise((resolve) => silent.once('listening', resolve));
  const daemon = client(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, { deadlineMs: 200 });
  const error = await refused(daemon.host.getHost({}));
  assert.equal(error.status, Status.DeadlineExceeded);
  daemon.close();
});

test('an aborted call throws the reason', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await assert.rejects(client().devmap.putEntry(put(newKey()), { signal }), /enough/);
});

test('a call that waits outlives the deadline', async () => {
  const daemon = client(support.shared, { deadlineMs: 200 });
  assert.equal((await daemon.devmap.waitEntries({ devmap: [devmap], owner: 'nobody', timeout: { nanos: 500_000_000 } })).waitSatisfied, false);
});

test('a batch with a key happens once', async () => {
  const [daemon, key] = [client(), newKey()];
  const first = await daemon.devmap.applyEntries(batch(key, `ts-${key}`));
  assert.equal((await daemon.devmap.applyEntries(batch(key, `ts-${key}`))).revision, first.revision);
});

test('a stream of pages is read', async () => {
  const key = newKey();
  await client().devmap.putEntry(put(key));
  const keys: string[] = [];
  for await (const page of client().devmap.streamEntries({ devmap, pageSize: 2 }))
    keys.push(...page.entries.map((entry) => entry.key));
  assert.ok(keys.includes(key));
});

/** A server that refuses calls as often as a test says, for what a daemon does only under load. */
async function refusing(t: TestContext, answersNothing = false) {
  const state = { calls: 0, refusals: 0 };
  const any = (type: string, value: Uint8Array) => ({ typeUrl: `type.googleapis.com/google.rpc.${type}`, value });
  const details = toBinary(StatusSchema, create(StatusSchema, {
    code: Status.ResourceExhausted,
    details: [
      any('ErrorInfo', toBinary(ErrorInfoSchema, create(ErrorInfoSchema, { reason: 'writer_busy', domain: 'devmapd' }))),
      any('RetryInfo', toBinary(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { nanos: 20_000_000 } }))),
    ],
  }));
  const server = createServer().on('stream', (stream: ServerHttp2Stream) => {
    stream.resume().on('end', () => {
      const isRefused = ++state.calls <= state.refusals;
      const trailers: Record<string, string> = isRefused
        ? answersNothing ? { 'grpc-status': '14' } : { 'grpc-status': '8', 'grpc-status-details-bin': Buffer.from(details).toString('base64') }
        : { 'grpc-status': '0' };
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
      stream.end(isRefused ? undefined : Buffer.alloc(5));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const daemon = client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { retry: fast });
  t.after(() => {
    daemon.close();
    server.close();
  });
  return { state, daemon };
}

test('a busy call is repeated after the delay of the daemon, and given up in the end', async (t) => {
  const { state, daemon } = await refusing(t);
  state.refusals = 2;
  await daemon.devmap.putEntry(put('1'));
  assert.equal(state.calls, 3);
  [state.calls, state.refusals] = [0, 100];
  const error = await refused(daemon.devmap.putEntry(put('1')), 'writer_busy');
  assert.deepEqual([state.calls, error.retryAfterMs], [5, 20]);
});

test('a call without an answer is repeated if it does the same twice', async (t) => {
  const { state, daemon } = await refusing(t, true);
  const calls = async (call: () => Promise<unknown>) => {
    [state.calls, state.refusals] = [0, 1];
    const answered = await call().then(() => true, () => false);
    return [answered, state.calls];
  };
  assert.deepEqual(await calls(() => daemon.devmap.putEntry({ ...put('1'), expectedRevision: 0n })), [false, 1]);
  assert.deepEqual(await calls(() => daemon.devmap.deleteEntry({ devmap, key: '1' })), [false, 1]);
  assert.deepEqual(await calls(() => daemon.devmap.applyEntries(batch('1'))), [false, 1]);
  assert.deepEqual(await calls(() => daemon.devmap.applyEntries(batch('1', 'once'))), [true, 2]);
  assert.deepEqual(await calls(() => daemon.devmap.putEntry(put('1'))), [true, 2]);
  assert.deepEqual(await calls(() => daemon.devmap.getEntry({ devmap, key: '1' })), [true, 2]);
});

for (const [name, options] of [
  ['the unix socket', { fetch: fetchOver(support.DEVMAPD_SOCKET!), baseUrl: 'http://localhost' }],
  ['TCP', { baseUrl: support.DEVMAPD_HTTP, headers: { authorization: `Bearer ${support.DEVMAPD_TOKEN}` } }],
] as const) {
  test(`REST with its types over ${name}`, async () => {
    const [rest, key] = [createRest<paths>(options), newKey()];
    const path = { devmap, key };
    const { data, response } = await rest.PUT('/v1/devmaps/{devmap}/entries/{key}', { params: { path }, body: { interface: 'sim1' } });
    assert.equal(response.status, 201);
    assert.equal(data && 'spec' in data && data.spec?.interface, 'sim1');
    const { error } = await rest.GET('/v1/devmaps/{devmap}/entries/{key}', { params: { path: { devmap, key: 'nosuch' } } });
    assert.equal(error?.code, 'entry_not_found');
    assert.equal((await rest.DELETE('/v1/devmaps/{devmap}/entries/{key}', { params: { path } })).response.status, 204);
  });
}
