import assert from 'node:assert/strict';
import { test } from 'node:test';
import { piece, startFake, type Behaviour } from '../fake-upstream.ts';
import { startGateway, textOf, until, type Running } from '../running.ts';

/** A server that reads 10 bytes of a prompt each ms, and has the last prompt in its cache; it answers at once, so that only its words say so. */
const done = (prefillMs: number): string =>
  `${JSON.stringify({ model: 'm', message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 2, prompt_eval_duration: prefillMs * 1e6, total_duration: prefillMs * 1e6 + 1e6, eval_duration: 1e6, load_duration: 0 })}\n`;

/** Never answers a chat with the word `hang`. */
const hangs =
  (prefillMs: number): Behaviour =>
  (got, outgoing) => {
    if (!got.body.includes('hang')) outgoing.end(piece('served') + done(prefillMs));
  };

const one = (url: string): object => ({ hxllm: { backends: { [url]: { num_parallel: 1 } } } });

async function stopAfter(gateway: Running, body: object, isAsked: () => boolean): Promise<void> {
  const leaving = new AbortController();
  const left = gateway.chat(body, { signal: leaving.signal }).catch(() => undefined);
  await until('the server is asked', isAsked);
  leaving.abort();
  await left;
  await until('the slot is given back', () => gateway.service().scheduler.inFlight === 0);
}

test('a request with a large image that is stopped before its first token keeps its slot for no time', async () => {
  await using fake = await startFake(hangs(1));
  fake.behave((got, outgoing) => (got.path === '/api/show' ? void outgoing.end('{}') : hangs(1)(got, outgoing)));
  await using gateway = await startGateway([fake], one(fake.url));
  await gateway.chat();
  const url = `data:image/png;base64,${'iVBORw0KGgo'.padEnd(3_000_000, 'A')}`;
  const content = [
    { type: 'text', text: 'hang' },
    { type: 'image_url', image_url: { url } },
  ];
  await stopAfter(gateway, { messages: [{ role: 'user', content }] }, () =>
    fake.requests.some(({ body }) => body.includes('hang')),
  );
  const sinceMs = performance.now();
  assert.equal(await textOf(await gateway.chat()), 'served');
  assert.ok(performance.now() - sinceMs < 5000, `it waited ${String(performance.now() - sinceMs)} ms`);
});

test('a cached conversation that is stopped before its first token keeps its slot for its new part only', async () => {
  await using fake = await startFake(hangs(40_000));
  await using gateway = await startGateway([fake], one(fake.url));
  const before = { role: 'user', content: 'word '.repeat(80_000) };
  await gateway.chat({ messages: [before] });
  const messages = [before, { role: 'assistant', content: 'served' }, { role: 'user', content: 'hang' }];
  await stopAfter(gateway, { messages }, () => fake.requests.some(({ body }) => body.includes('hang')));
  const sinceMs = performance.now();
  assert.equal(await textOf(await gateway.chat()), 'served');
  assert.ok(performance.now() - sinceMs < 5000, `it waited ${String(performance.now() - sinceMs)} ms`);
});

test('a long new prompt that is stopped before its first token keeps its slot for a few seconds at most', async () => {
  await using fake = await startFake(hangs(40_000));
  await using gateway = await startGateway([fake], one(fake.url));
  await gateway.chat({ messages: [{ role: 'user', content: 'word '.repeat(80_000) }] });
  const messages = [{ role: 'user', content: `hang ${'other '.repeat(100_000)}` }];
  await stopAfter(gateway, { messages }, () => fake.requests.some(({ body }) => body.includes('hang')));
  const sinceMs = performance.now();
  assert.equal(await textOf(await gateway.chat()), 'served');
  const waitedMs = performance.now() - sinceMs;
  assert.ok(waitedMs > 1000 && waitedMs < 12_000, `it waited ${String(waitedMs)} ms`);
});
