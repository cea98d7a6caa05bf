// SPDX-License-Identifier: Apache-2.0

import { create, type DescMethodUnary } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { Code as Status, type Transport } from '@connectrpc/connect';
import { setTimeout as sleep } from 'node:timers/promises';
import { DevmapdError, durationMs, translate } from './errors.js';

/** How often and how fast calls are repeated, and how fast watches connect again. */
export interface Retry {
  /** How often a call is made at most; 1 for no repeats. */
  attempts: number;
  /** Before the first repeat; it doubles each time. */
  firstDelayMs: number;
  /** The longest delay; one that the daemon asks for may be longer. */
  longestDelayMs: number;
}

export const defaultRetry: Retry = { attempts: 5, firstDelayMs: 100, longestDelayMs: 5000 };

const defaultWaitMs = 30_000;

/** Waits, or throws the reason of the signal. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => signal?.throwIfAborted());
}

/** The delay before a repeat, a little random so that clients do not come back together. */
export function delayMs(retry: Retry, attempt: number): number {
  return Math.min(retry.firstDelayMs * 2 ** attempt, retry.longestDelayMs) * (0.8 + 0.4 * Math.random());
}

/**
 * Calls with a token, a deadline, repeats and errors.
 * @param deadlineMs of calls that have none; undefined for none
 */
export function extend(inner: Transport, token: string | undefined, deadlineMs: number | undefined, retry: Retry): Transport {
  const withToken = (given?: HeadersInit) => {
    const headers = new Headers(given);
    if (token !== undefined)
      headers.set('authorization', `Bearer ${token}`);
    return headers;
  };
  return {
    async unary(method, signal, timeoutMs, header, init, context) {
      const input = create(method.input, init);
      const limit = timeoutMs ?? (deadlineMs === undefined ? undefined : deadlineMs + waitMs(method, input));
      const end = limit === undefined ? Infinity : Date.now() + limit;
      for (let attempt = 0; ; attempt++) {
        try {
          const remaining = limit === undefined ? undefined : Math.max(end - Date.now(), 1);
          return await inner.unary(method, signal, remaining, withToken(header), input, context);
        } catch (thrown) {
          const error = translate(thrown, signal);
          const delay = error instanceof DevmapdError ? nextDelayMs(retry, error, attempt, mayRepeat(method, input)) : undefined;
          if (delay === undefined || Date.now() + delay > end)
            throw error;
          await pause(delay, signal);
        }
      }
    },
    async stream(method, signal, timeoutMs, header, input, context) {
      try {
        const response = await inner.stream(method, signal, timeoutMs, withToken(header), input, context);
        return { ...response, message: translated(response.message, signal) };
      } catch (thrown) {
        throw translate(thrown, signal);
      }
    },
  };
}

async function* translated<T>(messages: AsyncIterable<T>, signal?: AbortSignal): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (thrown) {
    throw translate(thrown, signal);
  }
}

/**
 * After how long a call that failed is made again; undefined if it is not. With a delay, and while it shuts down, the daemon says that
 * nothing has happened. Without an answer nobody knows, so only calls that do the same when they are made twice are repeated.
 */
function nextDelayMs(retry: Retry, error: DevmapdError, attempt: number, mayRepeat: boolean): number | undefined {
  if (attempt + 1 >= retry.attempts)
    return undefined;
  if (error.retryAfterMs !== undefined)
    return Math.max(error.retryAfterMs, delayMs(retry, attempt));
  if (error.code === 'shutting_down' || (error.code === undefined && error.status === Status.Unavailable && mayRepeat))
    return delayMs(retry, attempt);
  return undefined;
}

/** Whether a call does the same if it is made twice: a read, a put of any revision, or a call with an idempotency key. */
function mayRepeat(method: DescMethodUnary, input: object): boolean {
  const request = input as { expectedRevision?: bigint; idempotencyKey?: string };
  if (/^(Put|KeepAlive)/.test(method.name))
    return request.expectedRevision === undefined;
  return /^(Get|List|Explain|Wait)/.test(method.name) || Boolean(request.idempotencyKey);
}

/** How long the daemon may wait before it answers the request. */
function waitMs(method: DescMethodUnary, input: object): number {
  const request = input as { wait?: number; timeout?: Duration };
  if (!method.input.field['timeout'] || (method.input.field['wait'] && !request.wait))
    return 0;
  return (request.timeout ? durationMs(request.timeout) : defaultWaitMs) + 1000;
}
