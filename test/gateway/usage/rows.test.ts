import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { DONE, piece, stalls, startFake } from '../fake-upstream.ts';
import { startGateway, until } from '../running.ts';
import { bytesIn, linesIn, newFolder, rowsIn, sumsIn } from './stage.ts';

const CLIENT = 'sk-canary-of-a-client';
const PROMPT = 'canary-in-a-prompt';
const ANSWER = 'canary-in-an-answer';
const KEYS = [{ alias: 'portal', hash: apiKeyHash(CLIENT), team: 'research' }];
const asClient = { headers: { authorization: `Bearer ${CLIENT}` } };
const hxllm = (state_dir: string, more: object = {}): object => ({
  hxllm: { state_dir, keys: KEYS, teams: [{ alias: 'research' }], ...more },
});

test('a whole answer, a stream, an error of the server and a client that leaves are a row each', async () => {
  const state = newFolder();
  await using fake = await startFake((_got, outgoing) => {
    outgoing.end(`${piece(ANSWER)}${DONE}`);
  });
  {
    await using gateway = await startGateway([fake], hxllm(state));
    const body = { messages: [{ role: 'user', content: PROMPT }], user: 'sk-canary-as-a-user' };
    const whole = await gateway.chat(body, asClient);
    const id = whole.headers.get('x-request-id') ?? '';
    assert.match(await whole.text(), /canary-in-an-answer/);
    await (await gateway.chat({ ...body, stream: true }, asClient)).text();
    fake.behave((_got, outgoing) => {
      outgoing.writeHead(500).end('{"error":"broken"}');
    });
    const failed = await gateway.chat(body, { headers: {} });
    assert.ok(failed.status >= 500);
    await failed.text();
    fake.behave(stalls('one ', 'two '));
    const leaving = new AbortController();
    const cut = await gateway.chat({ ...body, stream: true }, { ...asClient, signal: leaving.signal });
    for await (const bytes of cut.body ?? []) if (Buffer.from(bytes).toString().includes('two')) break;
    leaving.abort();
    await until('all have ended', () => gateway.ended().length === 4);
    // No server is asked, so there is no row.
    await (await gateway.chat({ model: 'none' }, asClient)).text();
    await gateway.service().usage?.flush();
    assert.equal(rowsIn(state)[0]?.id, id.slice('req_'.length));
    // A second stop is one too many, and does nothing.
    await gateway.stop(0, AbortSignal.abort());
  }
  const rows = rowsIn(state).map(({ key_id, ended, status, prompt_tokens, completion_tokens, end_user, address }) => ({
    row: `${String(key_id)} ${ended} ${String(status)} ${String(completion_tokens)}`,
    hasPrompt: prompt_tokens > 0,
    end_user,
    address,
  }));
  assert.deepEqual(
    rows.map(({ row }) => row),
    ['portal answered 200 2', 'portal answered 200 2', 'null failed 502 0', 'portal client-left 200 2'],
  );
  assert.deepEqual(
    [...new Set(rows.map(({ end_user, address }) => `${String(end_user)} ${String(address)}`))],
    ['[key] null'],
  );
  assert.deepEqual(
    sumsIn(state, 'team').map(({ value, requests, completion_tokens }) => [value, requests, completion_tokens]),
    [
      ['', 1, 0],
      ['research', 3, 6],
    ],
  );
  // A process that stops in order leaves nothing in its journal, and what is secret was nowhere.
  assert.deepEqual(readdirSync(join(state, 'journal')), []);
  for (const secret of ['canary', CLIENT]) assert.ok(!bytesIn(state).includes(secret), secret);
});

test('the row is in the journal before the last byte of the answer leaves', async () => {
  const state = newFolder();
  await using fake = await startFake();
  await using gateway = await startGateway([fake], hxllm(state));
  for (const stream of [false, true]) {
    const before = existsSync(join(state, 'journal')) ? linesIn(state).filter(([kind]) => kind === 'e').length : 0;
    const response = await gateway.chat({ stream }, asClient);
    await response.text();
    assert.equal(linesIn(state).filter(([kind]) => kind === 'e').length, before + 1);
  }
  const kinds = linesIn(state).map(([kind]) => kind);
  assert.deepEqual(kinds, ['b', 'e', 'b', 'e']);
});

test('with sync always the row is on the disk first, also for many at once', async () => {
  const state = newFolder();
  await using fake = await startFake();
  await using gateway = await startGateway([fake], hxllm(state, { usage: { sync: 'always', client_address: true } }));
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => gateway.chat({ stream: index % 2 === 0 }, asClient)),
  );
  for (const answer of answers) assert.match(await answer.text(), /hello/);
  await gateway.service().usage?.flush();
  assert.equal(rowsIn(state).length, 20);
  assert.equal(rowsIn(state)[0]?.address, '127.0.0.1');
});

test('a gateway without keys, or told so, makes neither journal nor database', async () => {
  for (const more of [{ keys: [] }, { usage: { record: 'never' } }]) {
    const state = newFolder();
    await using fake = await startFake();
    await using gateway = await startGateway([fake], hxllm(state, more));
    await (await gateway.chat()).text();
    await gateway.stop(0, AbortSignal.abort());
    assert.deepEqual(
      readdirSync(state).filter((name) => !name.endsWith('.json')),
      [],
    );
  }
});

test('a server that counts nonsense, and a key with very many tags, have rows as others have', async () => {
  const state = newFolder();
  let counts = '';
  await using fake = await startFake((_got, outgoing) => {
    outgoing.end(
      `{"model":"m","message":{"role":"assistant","content":"a"},"done":true,"done_reason":"stop",${counts}}\n`,
    );
  });
  await using gateway = await startGateway([fake], { hxllm: { state_dir: state } });
  const tags = Array.from({ length: 40 }, (_, tag) => String(tag).repeat(5000));
  const made = await gateway.ask('/key/generate', { method: 'POST', body: JSON.stringify({ tags }) });
  const { key } = (await made.json()) as { readonly key: string };
  for (counts of [
    '"prompt_eval_count":1e300,"eval_count":1e999',
    '"prompt_eval_count":5,"eval_count":-7',
    '"prompt_eval_count":1.5,"eval_count":2',
  ])
    await (await gateway.chat({}, { headers: { authorization: `Bearer ${key}` } })).text();
  await gateway.service().usage?.flush();
  const seen = rowsIn(state).map(({ prompt_tokens, completion_tokens }) => [prompt_tokens, completion_tokens]);
  assert.deepEqual(seen, [
    [1e9, 1e9],
    [5, 0],
    [2, 2],
  ]);
});
