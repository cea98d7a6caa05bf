// SPDX-License-Identifier: Apache-2.0
// Client of devmapd for Node.

import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import type { ClientSessionOptions, SecureClientSessionOptions } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { Services } from './gen/services.js';
import { defaultRetry, extend, type Retry } from './transport.js';
import { watch, type WatchItem, type WatchOptions } from './watch.js';

export { DevmapdError, type InvalidField } from './errors.js';
export type { Code } from './gen/codes.js';
export type { Retry } from './transport.js';
export { fetchOver } from './rest.js';
export type { WatchItem, WatchOptions } from './watch.js';

/** The unix socket of a daemon of this host. */
export const defaultAddress = 'unix:/run/devmapd/devmapd.sock';

export interface Options {
  /** The secret of a token, which every call carries; root needs none on the unix socket. */
  token?: string;
  /** PEM: the authority that must have signed the daemon's certificate, and a certificate by which the daemon knows this client. */
  tls?: { ca?: string | Buffer; cert?: string | Buffer; key?: string | Buffer };
  /** Of calls that have none, in milliseconds, 30,000 by default; null for none. A call that waits in the daemon has as much longer. */
  deadlineMs?: number | null;
  /** How often and how fast calls are repeated, and watches connect again. */
  retry?: Partial<Retry>;
}

/** A connection to a daemon: a client of each service, and watches. */
export class Client extends Services {
  readonly #sessions: Http2SessionManager;
  readonly #retry: Retry;

  /**
   * Makes a client; it connects with its first call.
   * @param address `unix:PATH`, `http://HOST:PORT` or `https://HOST:PORT`
   */
  constructor(address: string = defaultAddress, { token, tls, deadlineMs = 30_000, retry }: Options = {}) {
    const { url, session } = target(address, tls);
    // A host that vanishes without a word is noticed by pings.
    const sessionManager = new Http2SessionManager(url, { pingIntervalMs: 30_000, pingTimeoutMs: 10_000 }, session);
    const policy = { ...defaultRetry, ...retry };
    super(extend(createGrpcTransport({ baseUrl: url, sessionManager }), token, deadlineMs ?? undefined, policy));
    this.#sessions = sessionManager;
    this.#retry = policy;
  }

  /**
   * Reports every change of a devmap, in the order of revisions, over breaks and restarts. If the daemon no longer has the changes since
   * the revision, the watch begins again with a snapshot.
   */
  watch(devmap: string, options: WatchOptions = {}): AsyncGenerator<WatchItem, never> {
    const open = async function* (client: Client, revision?: bigint, signal?: AbortSignal) {
      for await (const event of client.devmap.watch({ devmap, revision }, { signal }))
        yield { event, devmap };
    };
    return watch((revision, signal) => open(this, revision, signal), this.#retry, options);
  }

  /** Like watch, over several devmaps, or all, and egress programs. */
  watchDevmaps(devmaps: string[] = [], options: WatchOptions = {}): AsyncGenerator<WatchItem, never> {
    return watch((revision, signal) => this.devmap.watchDevmaps({ devmap: devmaps, revision }, { signal }), this.#retry, options);
  }

  /** Closes the connection. */
  close(): void {
    this.#sessions.abort();
  }
}

function target(address: string, tls: Options['tls']): { url: string; session?: ClientSessionOptions | SecureClientSessionOptions } {
  const path = /^unix:(?:\/\/)?(\/.*)$/.exec(address)?.[1];
  if (path !== undefined)
    return { url: 'http://localhost', session: { createConnection: () => connectSocket(path) } };
  if (/^https?:\/\//.test(address))
    return { url: address, session: tls };
  throw new TypeError(`'${address}' is not unix:PATH, http://HOST:PORT or https://HOST:PORT`);
}
