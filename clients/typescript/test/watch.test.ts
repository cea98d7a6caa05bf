// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { client, control, durable, fast, isEntry, isSynced, newKey, refused, relay, signalOf, until } from './support.js';

const devmap = 'default';

// The interface does not exist, so that nothing on this host changes.
async function put(key: string) {
  return (await client(durable).devmap.putEntry({ devmap, key, spec: { interface: 'no-such-if' }, allowPending: true })).entry!;
}

/** A watch of the daemon behind the relay, whose entries go with the test. */
function watch(t: TestContext) {
  t.after(() => client(durable).devmap.replaceEntries({ devmap, allowDeletions: 100_000 }));
  return client(relay, { retry: fast }).watch(devmap, { signal: signalOf(t) });
}

test('a watch begins with a snapshot, then reports every change', async (t) => {
  await put('101');
  const items = watch(t);
  const snapshot = await until(items, isSynced);
  assert.ok(snapshot[0]!.beginsSnapshot && isEntry('101')(snapshot[1]!));
  const { revision } = await put('102');
  const [item] = await until(items, isEntry('102'));
  assert.equal(!item!.beginsSnapshot && item!.event.revision, revision);
});

test('a watch resumes after every cut and misses nothing', async (t) => {
  const items = watch(t);
  await until(items, isSynced);
  for (const key of ['111', '112', '113']) {
    await control('cut');
    await put(key);
    const since = await until(items, isEntry(key));
    assert.ok(!since.some((item) => item.beginsSnapshot));
    assert.equal(since.filter((item) => !item.beginsSnapshot && item.event.event.case === 'entry').length, 1);
  }
});

test('a watch resumes after a restart of the daemon', async (t) => {
  const items = watch(t);
  await put('121');
  await until(items, isSynced);
  await control('restart');
  await put('122');
  assert.ok(!(await until(items, isEntry('122'))).some((item) => item.beginsSnapshot));
});

test('a watch begins again after the store was lost', async (t) => {
  const items = watch(t);
  for (const key of ['131', '132', '133'])
    await put(key);
  await until(items, isSynced);
  await control('reset');
  assert.equal((await until(items, isSynced)).filter((item) => item.beginsSnapshot).length, 1);
});

test('several devmaps are watched together', async (t) => {
  const [daemon, key] = [client(), newKey()];
  const items = daemon.watchDevmaps([], { signal: signalOf(t) });
  await until(items, isSynced);
  await daemon.devmap.putEntry({ devmap, key, spec: { interface: 'sim1' } });
  const last = (await until(items, isEntry(key))).at(-1)!;
  assert.equal(!last.beginsSnapshot && last.devmap, devmap);
});

test('an unknown devmap is refused', async () => {
  await refused(client().watch('nosuch').next(), 'devmap_not_found');
});

test('without a daemon a watch fails at once', async () => {
  await refused(client('unix:/nonexistent/nobody.sock').watch(devmap).next());
});

test('an aborted watch throws the reason', async () => {
  const controller = new AbortController();
  const items = client().watch(devmap, { signal: controller.signal });
  await until(items, isSynced);
  const next = items.next();
  controller.abort(new Error('enough'));
  await assert.rejects(next, /enough/);
});
