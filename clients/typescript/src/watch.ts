// SPDX-License-Identifier: Apache-2.0

import { DevmapdError } from './errors.js';
import type { WatchResponse } from './gen/v1.js';
import { delayMs, pause, type Retry } from './transport.js';

/** An item of a watch. */
export type WatchItem =
  /** A snapshot begins. The events up to `synced` are the whole content; state from earlier items is no longer valid. */
  | { beginsSnapshot: true }
  /** An event, and its devmap unless it is about none. */
  | { beginsSnapshot: false; event: WatchResponse; devmap?: string };

export interface WatchOptions {
  /** The revision of the last event that the caller has seen; without it the watch begins with a snapshot. */
  revision?: bigint;
  /** Ends the watch. */
  signal?: AbortSignal;
}

type Open = (revision: bigint | undefined, signal?: AbortSignal) => AsyncIterable<{ event?: WatchResponse; devmap?: string }>;

/** Goes on after breaks of the connection and restarts of the daemon. */
export async function* watch(open: Open, retry: Retry, { revision, signal }: WatchOptions): AsyncGenerator<WatchItem, never> {
  let wasConnected = false;
  for (let attempt = 0; ; ) {
    let beginsSnapshot = revision === undefined;
    try {
      for await (const { event, devmap } of open(revision, signal)) {
        [wasConnected, attempt] = [true, 0];
        if (beginsSnapshot)
          yield { beginsSnapshot };
        beginsSnapshot = false;
        if (event === undefined)
          continue;
        revision = event.revision ?? revision;
        yield { beginsSnapshot, event, devmap };
      }
    } catch (error) {
      if (!(error instanceof DevmapdError))
        throw error;
      // Too old, or of another store.
      const isLost = error.code === 'revision_compacted' || (error.code === 'invalid_argument' && error.fields.some((f) => f.field === 'revision'));
      if (isLost && revision !== undefined) {
        revision = undefined;
        continue;
      }
      if (!wasConnected || (error.code !== undefined && error.code !== 'shutting_down'))
        throw error;
    }
    signal?.throwIfAborted();
    await pause(delayMs(retry, attempt++), signal);
  }
}
