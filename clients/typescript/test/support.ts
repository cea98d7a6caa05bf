// SPDX-License-Identifier: Apache-2.0
// The daemons of the run, which clients/testbed.py starts and describes.

import assert from 'node:assert/strict';
import { after, type TestContext } from 'node:test';
import { Client, DevmapdError, type Code, type Options, type WatchItem } from '../src/index.js';

const environment = process.env as Record<string, string>;
export const { DEVMAPD_TLS, DEVMAPD_CA, DEVMAPD_HTTP, DEVMAPD_TOKEN, DEVMAPD_TCP, DEVMAPD_TCP_TOKEN, DEVMAPD_SOCKET } = environment as Record<string, string>;
export const shared = `unix:${environment['DEVMAPD_SOCKET']}`;
export const durable = `unix:${environment['DEVMAPD_DURABLE']}`;
export const relay = `unix:${environment['DEVMAPD_RELAY']}`;
export const fast = { firstDelayMs: 10, longestDelayMs: 200 };

/** A client that is closed after the tests of the file. */
export function client(address: string = shared, options?: Options): Client {
  const made = new Client(address, options);
  after(() => made.close());
  return made;
}

let keys = 30_000;

/** A key that no other test uses. */
export const newKey = () => String(process.pid * 1000 + keys++);

export async function refused(call: Promise<unknown>, code?: Code): Promise<DevmapdError> {
  const error = await call.then(() => assert.fail('it was not refused'), (thrown: unknown) => thrown);
  assert.ok(error instanceof DevmapdError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

export async function control(action: string): Promise<void> {
  await fetch(`${environment['DEVMAPD_CONTROL']}/${action}`, { method: 'POST' });
}

export async function until(watch: AsyncGenerator<WatchItem>, isLast: (item: WatchItem) => boolean): Promise<WatchItem[]> {
  const items: WatchItem[] = [];
  do {
    const { value, done } = await watch.next();
    assert.ok(!done);
    items.push(value as WatchItem);
  } while (!isLast(items[items.length - 1]!));
  return items;
}

export const isSynced = (item: WatchItem) => !item.beginsSnapshot && item.event.event.case === 'synced';
export const isEntry = (key: string) => (item: WatchItem) =>
  !item.beginsSnapshot && item.event.event.case === 'entry' && item.event.event.value.key === key;

/** Ends a watch with the test. */
export function signalOf(t: TestContext): AbortSignal {
  const controller = new AbortController();
  t.after(() => controller.abort());
  return controller.signal;
}
