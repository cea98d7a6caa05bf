// SPDX-License-Identifier: Apache-2.0

import { request } from 'node:http';
import { Readable } from 'node:stream';

/**
 * A `fetch` over a unix socket, for clients that are generated from the OpenAPI document; the types are in `@devmapd/client/rest`. The
 * host of an address does not matter.
 * @param path the socket, for instance `/run/devmapd/devmapd.sock`
 */
export function fetchOver(path: string): typeof fetch {
  return async (input, init) => {
    const sent = new Request(input, init);
    const { pathname, search } = new URL(sent.url);
    const body = sent.body && Buffer.from(await sent.arrayBuffer());
    return new Promise((resolve, reject) => {
      const call = request(
        { socketPath: path, path: pathname + search, method: sent.method, headers: Object.fromEntries(sent.headers), signal: sent.signal },
        (answer) => {
          const headers = Object.entries(answer.headers).flatMap(([name, value]) => [value ?? []].flat().map((v) => [name, v] as [string, string]));
          const hasBody = ![101, 204, 205, 304].includes(answer.statusCode!);
          if (!hasBody)
            answer.resume(); // Otherwise the connection would stay.
          resolve(new Response(hasBody ? (Readable.toWeb(answer) as ReadableStream) : null, { status: answer.statusCode, headers }));
        });
      call.on('error', reject);
      call.end(body ?? undefined);
    });
  };
}
