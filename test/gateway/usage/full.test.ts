import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { startFake } from '../fake-upstream.ts';
import { errorOf, startGateway, until, type Running } from '../running.ts';
import { newFolder, rowsIn, select } from './stage.ts';

const CLIENT = 'sk-of-a-client-000000';
const asClient = { headers: { authorization: `Bearer ${CLIENT}` } };
const hxllm = (state_dir: string, more: object = {}, key: object = {}): object => ({
  hxllm: { state_dir, keys: [{ alias: 'portal', hash: apiKeyHash(CLIENT), ...key }], ...more },
});
const usageOf = async (gateway: Running): Promise<unknown> =>
  ((await (await gateway.ask('/health')).json()) as Readonly<Record<string, unknown>>)['usage'];

test('with when_full refuse no server gets a request whose row could not be kept, until it can', async () => {
  const state = newFolder();
  await using fake = await startFake();
  await using gateway = await startGateway([fake], hxllm(state, { usage: { when_full: 'refuse' } }));
  // No folder can be made there.
  writeFileSync(join(state, 'journal'), '');
  const refused = await gateway.chat({}, asClient);
  assert.equal(refused.status, 503);
  assert.equal((await errorOf(refused)).code, 'usage_not_recorded');
  assert.equal(refused.headers.get('retry-after'), '10');
  assert.equal(fake.requests.length, 0);
  assert.partialDeepStrictEqual(await usageOf(gateway), { state: 'failing', rows_lost: 0 });
  rmSync(join(state, 'journal'));
  await until('it is served', async () => (await gateway.chat({}, asClient)).status === 200);
  await gateway.service().usage?.flush();
  assert.equal(await usageOf(gateway), undefined);
  assert.equal(rowsIn(state).length, fake.requests.length);
  const told = gateway.log.filter(({ event }) => String(event).startsWith('usage-'));
  assert.deepEqual(
    told.map(({ event }) => event),
    ['usage-not-written'],
  );
});

test('otherwise requests are served, and the rows that are lost are counted', async () => {
  const state = newFolder();
  await using fake = await startFake();
  await using gateway = await startGateway([fake], hxllm(state));
  writeFileSync(join(state, 'journal'), '');
  for (let count = 0; count < 3; count += 1) assert.equal((await gateway.chat({}, asClient)).status, 200);
  assert.match([...gateway.metrics.parts()].join(''), /^hxllm_usage_lost_total 3$/m);
  assert.match([...gateway.metrics.parts()].join(''), /^hxllm_store_up 0$/m);
  assert.partialDeepStrictEqual(await usageOf(gateway), { rows_lost: 3 });
});

test('requests that a limit refuses have no row, and are counted by the minute', async () => {
  const state = newFolder();
  await using fake = await startFake();
  await using gateway = await startGateway([fake], hxllm(state, {}, { rpm_limit: 1 }));
  for (const status of [200, 429, 429]) assert.equal((await gateway.chat({}, asClient)).status, status);
  await until('all have ended', () => gateway.ended().length === 3);
  await gateway.stop(0, AbortSignal.abort());
  assert.equal(rowsIn(state).length, 1);
  assert.deepEqual(select(state, 'SELECT key_id, limited_by, sum(requests) AS requests FROM usage_refused'), [
    { key_id: 'portal', limited_by: 'requests', requests: 2 },
  ]);
});
