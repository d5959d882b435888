import assert from 'node:assert/strict';
import { test } from 'node:test';

import { answersShortly, startFake, type FakeUpstream } from '../fake-upstream.ts';
import { errorOf, startGateway, textOf, until, untilTurned } from '../running.ts';
import { startSims, withSlots, say, watch } from './queue-stage.ts';

/** A fake server that holds its responses back until they are released. */
async function startHeld(): Promise<{ readonly fake: FakeUpstream; readonly letGo: () => void }> {
  const held: (() => void)[] = [];
  const fake = await startFake((got, outgoing) => {
    held.push(() => void answersShortly('late')(got, outgoing));
  });
  return { fake, letGo: () => held.shift()?.() };
}

test('a full queue rejects at once with retry-after, and its waiters are served', async () => {
  const { fake, letGo } = await startHeld();
  await using server = fake;
  await using gateway = await startGateway([server], withSlots([server], 1, { max_queue: 2 }));
  const served = [gateway.chat(say(1))];
  await until('the server has the request', () => server.requests.length === 1);
  served.push(gateway.chat(say(2)), gateway.chat(say(3)));
  await until('two wait', () => gateway.service().scheduler.waiting === 2);
  const refused = await gateway.chat(say(4));
  assert.equal(refused.status, 503);
  const after = Number(refused.headers.get('retry-after'));
  assert.ok(after >= 1 && after < 60, String(after));
  assert.deepEqual([refused.headers.get('x-should-retry'), (await errorOf(refused)).code], ['true', 'queue_full']);
  for (let turn = 0; turn < 3; turn += 1) {
    await until('the server has the request', () => server.requests.length === turn + 1);
    letGo();
  }
  for (const answer of served) assert.equal(await textOf(await answer), 'late');
});

test('a request past max_queue_wait is rejected, by status or by a frame in a stream that has begun', async () => {
  const { fake, letGo } = await startHeld();
  await using server = fake;
  await using gateway = await startGateway([server], withSlots([server], 1, { max_queue_wait: 0.3 }));
  const first = gateway.chat(say(1));
  await until('the server has the request', () => server.requests.length === 1);
  const late = await gateway.chat({ stream: true, ...say(2) });
  assert.deepEqual([late.status, (await errorOf(late)).code], [503, 'queue_too_long']);
  await until('the line is written', () => gateway.ended().length === 1);
  assert.partialDeepStrictEqual(gateway.ended()[0], { ended: 'refused', failure: 'queue_too_long' });
  assert.ok(Number(gateway.ended()[0]?.['queue_ms']) >= 300);
  letGo();
  assert.equal(await textOf(await first), 'late');
});

test(
  'a waiting stream gets a comment every 15 s; a rejection is then a frame without [DONE], counted as refused',
  { timeout: 30_000 },
  async (t) => {
    const { fake } = await startHeld();
    await using server = fake;
    await using gateway = await startGateway([server], withSlots([server], 1, { max_queue_wait: 1 }));
    void gateway.chat(say(1)).catch(() => undefined);
    await until('the server has the request', () => server.requests.length === 1);
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    const answering = gateway.chat({ stream: true, ...say(2) });
    await untilTurned('the request waits', () => gateway.service().scheduler.waiting === 1);
    t.mock.timers.tick(15_000);
    const answer = await answering;
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('x-hxllm-route') ?? '', /^still waiting for a slot after \d+(?:\.\d)? m?s$/);
    const endMs = performance.now() + 1050;
    await untilTurned('the longest wait is over', () => performance.now() > endMs);
    t.mock.timers.tick(100);
    t.mock.timers.reset();
    const text = await answer.text();
    assert.match(text, /^: keep-alive\n\ndata: \{"error":\{[^\n]*"code":"queue_too_long"\}\}\n\n$/);
    await until('the line is written', () => gateway.ended().length === 1);
    assert.partialDeepStrictEqual(gateway.ended()[0], { status: 200, ended: 'refused' });
  },
);

test('a client that leaves the queue is removed at once, and no server gets its request', async () => {
  const { fake, letGo } = await startHeld();
  await using server = fake;
  await using gateway = await startGateway([server], withSlots([server], 1));
  const first = gateway.chat(say(1));
  await until('the server has the request', () => server.requests.length === 1);
  const draining = new AbortController();
  const left = gateway.chat(say(2), { signal: draining.signal }).catch(() => undefined);
  await until('the request waits', () => gateway.service().scheduler.waiting === 1);
  draining.abort();
  await left;
  await until('no request waits', () => gateway.service().scheduler.waiting === 0);
  letGo();
  await first;
  assert.equal(server.requests.length, 1);
  assert.equal(gateway.service().scheduler.inFlight, 0);
});

test('an embedding model has one slot, even if more are configured', async () => {
  await using servers = await startSims(1, {
    models: [{ name: 'nomic-embed-text' }],
    numParallel: 4,
    prefillMsPerToken: 1,
  });
  const [sim] = servers.sims;
  assert.ok(sim !== undefined);
  await using gateway = await startGateway([], {
    model_list: [{ model_name: 'e', litellm_params: { model: 'ollama/nomic-embed-text', api_base: sim.url } }],
    ...withSlots([sim], 4),
  });
  using seen = watch([sim]);
  const body = JSON.stringify({ model: 'e', input: 'some words to embed that take a while' });
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => gateway.ask('/v1/embeddings', { method: 'POST', body })),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 200, 200],
  );
  assert.equal(seen.inside, 0);
});

test("server-timing shows the wait and the server's work", async () => {
  await using servers = await startSims(1, { loadMs: 1000 });
  await using gateway = await startGateway(servers.sims);
  const timingOf = (response: Response): Readonly<Record<string, number>> =>
    Object.fromEntries(
      (response.headers.get('server-timing') ?? '')
        .split(', ')
        .map((part) => [part.split(';')[0], Number(part.split('dur=')[1])]),
    );
  const loaded = timingOf(await gateway.chat());
  assert.deepEqual(Object.keys(loaded), ['queue', 'load', 'prefill', 'decode']);
  // The wait for the load is not in the wait for a slot.
  assert.ok(
    (loaded['load'] ?? 0) >= 990 && (loaded['queue'] ?? 999) < 700 && (loaded['decode'] ?? 0) > 10,
    JSON.stringify(loaded),
  );
  const stream = await gateway.chat({ stream: true });
  const known = timingOf(stream);
  assert.deepEqual([Object.keys(known), known['load']], [['queue', 'load', 'prefill'], 0]);
  await stream.text();
  await until('the lines are written', () => gateway.ended().length === 2);
  assert.ok(Number(gateway.ended()[0]?.['load_ms']) >= 990);
  assert.ok(Number(gateway.ended()[1]?.['ttft_ms']) > 0);
});

test('the slot of a cancelled prompt is not reused before the server has finished with it', async () => {
  await using servers = await startSims(1, { numParallel: 1, prefillMsPerToken: 3 });
  const [sim] = servers.sims;
  assert.ok(sim !== undefined);
  await using gateway = await startGateway([sim], withSlots([sim], 1));
  const long = (number: number, word: string): object => ({
    messages: [{ role: 'user', content: `${String(number)} ${word.repeat(200)}` }],
  });
  for (let turn = 0; turn < 2; turn += 1) await (await gateway.chat(long(turn, 'a '))).text();
  const draining = new AbortController();
  // By the samples it takes longer than it does, so that a late clock or a busy machine does not matter.
  const left = gateway.chat(long(2, 'ab '), { signal: draining.signal }).catch(() => undefined);
  await until('the server is busy', () => sim.activity().busy === 1);
  draining.abort();
  await left;
  using seen = watch([sim]);
  const sinceMs = performance.now();
  assert.equal((await gateway.chat()).status, 200);
  assert.ok(performance.now() - sinceMs > 50, 'it waited');
  assert.equal(seen.inside, 0, 'it did not wait inside the server');
});

test('an idle connection that broke costs no request', async () => {
  await using fake = await startFake(answersShortly('hello'));
  await using gateway = await startGateway([fake]);
  await textOf(await gateway.chat());
  let broken = 0;
  fake.behave((got, outgoing) => {
    broken += 1;
    if (broken === 1) outgoing.destroy();
    else void answersShortly('again')(got, outgoing);
  });
  assert.equal(await textOf(await gateway.chat()), 'again');
  assert.equal(
    gateway.log.some(({ event }) => event === 'backend-down'),
    false,
  );
  await until('the line is written', () => gateway.ended().length === 2);
  assert.equal(gateway.ended()[1]?.['attempts'], 1);
});
