// SPDX-License-Identifier: Apache-2.0
// Puts, gets, fails and watches with clients that others generate from the OpenAPI document.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import createOpenapiFetch from 'openapi-fetch';
import { createClient } from './src/hey/client/index.js';
import * as hey from './src/hey/index.js';
import type { paths } from './src/paths.js';

const options = { baseUrl: process.env['DEVMAPD_HTTP']!, headers: { authorization: `Bearer ${process.env['DEVMAPD_TOKEN']}` } };
const path = { devmap: 'default', key: '40003' };
const missing = { devmap: 'default', key: '49999' };

test('openapi-typescript puts, gets, fails and watches', async () => {
  const client = createOpenapiFetch<paths>(options);
  await client.PUT('/v1/devmaps/{devmap}/entries/{key}', { params: { path }, body: { interface: 'sim1' } });
  const got = await client.GET('/v1/devmaps/{devmap}/entries/{key}', { params: { path } });
  assert.equal(got.data?.spec?.interface, 'sim1');
  const failed = await client.GET('/v1/devmaps/{devmap}/entries/{key}', { params: { path: missing } });
  assert.equal(failed.error?.code, 'entry_not_found');
  const controller = new AbortController();
  const { data } = await client.GET('/v1/devmaps/{devmap}/events', { params: { path }, parseAs: 'stream', signal: controller.signal });
  let text = '';
  for await (const part of data!.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes('event: synced'))
      break;
  }
  controller.abort();
  assert.match(text, /"type":"entry"/);
});

test('hey-api puts, gets, fails and watches', async () => {
  const client = createClient(options);
  await hey.putEntry({ client, path, body: { interface: 'sim1' } });
  const got = await hey.getEntry({ client, path });
  assert.equal(got.data?.spec?.interface, 'sim1');
  const failed = await hey.getEntry({ client, path: missing });
  assert.equal(failed.error?.code, 'entry_not_found');
  const controller = new AbortController();
  const { stream } = await hey.watchDevmap({ client, path, signal: controller.signal });
  const types: string[] = [];
  for await (const event of stream) {
    types.push((event as { type: string }).type);
    if (types.at(-1) === 'synced')
      break;
  }
  controller.abort();
  assert.ok(types.includes('entry'));
});
