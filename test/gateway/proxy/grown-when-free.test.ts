import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorOf, until } from '../running.ts';
import { MODEL, startGrowing, type GrowingStage } from './grown-context-stage.ts';

/** A stream of some tokens, 10 ms each, that has begun. */
async function streaming(stage: GrowingStage, tokens: number): Promise<{ readonly ended: Promise<string> }> {
  const response = await stage.chat(10, { stream: true, max_tokens: tokens });
  return { ended: response.text() };
}

const ONE = { numParallel: 4, tokenMs: 10, models: [{ name: MODEL, answerTokens: 400 }] };

test('requests that fit go on beside a long prompt until its only server has none, and wait for nothing but the load', async () => {
  await using stage = await startGrowing(ONE);
  await (await stage.chat(10)).text();
  const { ended } = await streaming(stage, 200);
  const long = stage.chat(6000);
  let isGrown = false;
  const grown = long.then((response) => {
    isGrown = true;
    return response;
  });
  await until('the long prompt has been refused', () => stage.gateway.service().scheduler.inFlight === 1);
  for (let turn = 0; turn < 5; turn += 1) {
    const short = await stage.chat(10, { max_tokens: 2 });
    assert.equal(short.status, 200);
    assert.equal(short.headers.get('x-hxllm-context'), null, 'it waited for the load');
    await short.text();
    await sleep(50);
  }
  assert.equal(isGrown, false);
  assert.match(await ended, /\[DONE\]/);
  const response = await grown;
  assert.equal(response.status, 200);
  assert.match(response.headers.get('x-hxllm-context') ?? '', /^\d+ \(grown from 4096\)$/);
  await response.text();
  assert.equal(stage.events('context-grown').length, 1);
});

test('a long prompt whose only server is never free is refused with a time to come again, and the context grows later', async () => {
  await using stage = await startGrowing({ ...ONE, more: { hxllm: { max_queue_wait: 1 } } });
  await (await stage.chat(10)).text();
  const { ended } = await streaming(stage, 250);
  const response = await stage.chat(6000);
  assert.equal(response.status, 503);
  assert.equal(response.headers.get('retry-after'), '10');
  const { code, message } = await errorOf(response);
  assert.equal(code, 'queue_too_long');
  assert.match(
    message,
    /needs a longer context, which is loaded when the only server of the model has no other request/,
  );
  assert.equal(stage.events('context-grown').length, 0);
  await ended;
  await until('it has grown', () => stage.events('context-grown').length === 1);
  const again = await stage.chat(6000);
  assert.equal(again.status, 200);
  await again.text();
});

test('a client that leaves meanwhile leaves the context as it is', async () => {
  await using stage = await startGrowing(ONE);
  await (await stage.chat(10)).text();
  const { ended } = await streaming(stage, 100);
  const leaving = new AbortController();
  const messages = [{ role: 'user', content: ' w10'.repeat(6000) }];
  const long = stage.gateway.chat({ model: 'm', messages }, { signal: leaving.signal });
  const left = assert.rejects(long);
  await until('the long prompt has been refused', () => stage.gateway.service().scheduler.inFlight === 1);
  await sleep(100);
  leaving.abort();
  await left;
  await ended;
  // The server is free, and looked at every 20 ms while a request wants that.
  await sleep(500);
  const next = await stage.chat(10);
  assert.equal(next.headers.get('x-hxllm-context'), null, 'it was loaded with a context that nobody wants');
  await next.text();
  assert.deepEqual(await stage.contexts(), [4096]);
});

test('of two servers the one that is chosen grows at once: the other one has the requests that fit', async () => {
  await using stage = await startGrowing({ ...ONE, count: 2 });
  await Promise.all([1, 2, 3, 4].map(async (tokens) => (await stage.chat(tokens)).text()));
  const streams = await Promise.all([streaming(stage, 60), streaming(stage, 60)]);
  const long = await stage.chat(6000);
  assert.equal(long.status, 200);
  await long.text();
  for (const { ended } of streams) assert.match(await ended, /\[DONE\]/);
});
