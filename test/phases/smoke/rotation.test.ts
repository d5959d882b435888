import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../src/core/secret.ts';
import { Client } from '../../../src/phases/smoke/client.ts';
import { replyOf } from '../../../src/phases/smoke/exchange.ts';
import { json, startFake, type Answer, type Seen } from './fake-server.ts';
import { smokeAt } from './smoking.ts';

const OLD = `sk-${'c3'.repeat(32)}`;
const refusal = (): Answer =>
  json(401, {
    error: { message: 'Incorrect API key', type: 'invalid_request_error', param: null, code: 'invalid_api_key' },
  });
const accepts = ({ key }: Seen, answer: Answer): Answer =>
  key === `Bearer ${OLD}` || key === OLD ? json(200, { object: 'list', data: [] }) : answer;
const refuses = ({ key }: Seen, answer: Answer): Answer => (key?.includes(OLD) === true ? refusal() : answer);

test('during a rotation smoke proves that both keys work, and afterwards that the old one is refused', async () => {
  const rows = [
    [accepts, { previousKey: new Secret(OLD) }, 'pass', 'not-applicable'],
    [refuses, { previousKey: new Secret(OLD) }, 'fail', 'not-applicable'],
    [accepts, { revokedKey: new Secret(OLD) }, 'not-applicable', 'fail'],
    [refuses, { revokedKey: new Secret(OLD) }, 'not-applicable', 'pass'],
    [refuses, {}, 'not-applicable', 'not-applicable'],
  ] as const;
  for (const [bend, keys, previous, revoked] of rows) {
    await using server = await startFake({ models: ['phi3-3.8b'], backends: [], bend });
    const { result, files, events } = await smokeAt(server.url, keys);
    assert.deepEqual(
      [result('auth.previous-key').outcome, result('auth.revoked-key-refused').outcome],
      [previous, revoked],
    );
    assert.doesNotMatch(JSON.stringify([...files.values(), events]), /c3c3/);
  }
});

test('a server that repeats a key in its answer does not bring it into the evidence', async () => {
  const bend = (seen: Seen, answer: Answer): Answer =>
    seen.key?.includes(OLD) === true ? json(500, { error: { message: `no such key ${OLD}` } }) : answer;
  await using server = await startFake({ models: ['phi3-3.8b'], backends: [], bend });
  const { files, events } = await smokeAt(server.url, { previousKey: new Secret(OLD) });
  assert.doesNotMatch(JSON.stringify([...files.values(), events]), /c3c3/);
});

test('a key that ordinary text may hold changes no answer', async () => {
  await using server = await startFake({ models: ['phi3-3.8b'], backends: [] });
  const client = new Client(new URL(server.url), { key: new Secret('alive') }, new AbortController().signal, () =>
    performance.now(),
  );
  const question = {
    method: 'GET',
    path: 'health/liveliness',
    below: 'server',
    key: 'right',
    timeoutMs: 9000,
  } as const;
  assert.equal(replyOf(await client.ask(question))?.body, `"I'm alive!"`);
  await client.close();
});
