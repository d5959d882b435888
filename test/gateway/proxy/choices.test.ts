import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, stalls, startFake, type Behaviour, type FakeUpstream } from '../fake-upstream.ts';
import { errorOf, startGateway, until } from '../running.ts';
import { parseEvents } from '../sse.ts';

interface Chunk {
  readonly id: string;
  readonly choices: readonly {
    readonly index: number;
    readonly delta: { readonly content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: object | null;
}

/** Backends with known slots, so that no request waits. */
function stated(...fakes: readonly FakeUpstream[]): { readonly hxllm: object } {
  return { hxllm: { backends: Object.fromEntries(fakes.map(({ url }) => [url, { num_parallel: 8 }])) } };
}

/** Answers the requests with these texts in turn, each in two chunks, once all requests have come. */
function inTurn(...texts: readonly string[]): Behaviour {
  const begun: (() => void)[] = [];
  return (_got, outgoing) => {
    const text = texts[begun.length % texts.length] ?? '';
    begun.push(() => {
      outgoing.write(piece(text.slice(0, 1)));
      setImmediate(() => outgoing.end(piece(text.slice(1)) + DONE));
    });
    if (begun.length === texts.length) for (const answer of begun) answer();
  };
}

test('n choices are n requests to servers, each with its index, and the prompt counts once', async () => {
  await using fake = await startFake(inTurn('ab', 'cd', 'ef'));
  await using gateway = await startGateway([fake], stated(fake));
  const response = await gateway.chat({ n: 3, seed: 7 });
  const body = (await response.json()) as { choices: { index: number; message: { content: string } }[]; usage: object };
  assert.deepEqual(
    body.choices.map(({ index }) => index),
    [0, 1, 2],
  );
  assert.deepEqual(body.choices.map(({ message }) => message.content).toSorted(), ['ab', 'cd', 'ef']);
  assert.deepEqual(body.usage, { prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 });
  assert.deepEqual(
    fake.requests
      .map(({ body: sent }) => (JSON.parse(sent) as { options: { seed: number } }).options.seed)
      .toSorted((a, b) => a - b),
    [7, 8, 9],
  );
  await until('the line is written', () => gateway.ended().length === 1);
  assert.partialDeepStrictEqual(
    gateway.ended()[0],
    { attempts: 3, prompt_tokens: 15, completion_tokens: 6, ended: 'answered' },
    'the computed tokens are in the log',
  );
});

test('streamed choices come as they are said, one id for all of them, each with a role and a reason, usage and [DONE] once', async () => {
  await using fake = await startFake(inTurn('ab', 'cd', 'ef'));
  await using gateway = await startGateway([fake], stated(fake));
  const response = await gateway.chat({ n: 3, stream: true, stream_options: { include_usage: true } });
  const events = parseEvents(await response.text());
  assert.equal(events.at(-1), '[DONE]');
  const chunks = events.slice(0, -1) as readonly Chunk[];
  assert.equal(new Set(chunks.map(({ id }) => id)).size, 1);
  assert.deepEqual(chunks.at(-1)?.usage, { prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 });
  assert.ok(chunks.slice(0, -1).every(({ usage, choices }) => usage === null && choices.length === 1));
  const texts = [0, 1, 2].map((index) => {
    const own = chunks.flatMap(({ choices }) => choices).filter((choice) => choice.index === index);
    assert.deepEqual(own[0]?.delta, { role: 'assistant', content: '' });
    assert.deepEqual(
      own.map(({ finish_reason: reason }) => reason),
      [null, null, null, 'stop'],
    );
    return own.map(({ delta }) => delta.content ?? '').join('');
  });
  assert.deepEqual(texts.toSorted(), ['ab', 'cd', 'ef']);
});

test('one choice that fails before anything was said fails the whole answer, and the others are cancelled', async () => {
  let asked = 0;
  await using fake = await startFake((_got, outgoing) => {
    asked += 1;
    if (asked < 3) return;
    outgoing
      .writeHead(400, { 'content-type': 'application/json' })
      .end('{"error":"the input length exceeds the context length"}');
  });
  await using gateway = await startGateway([fake], {
    ...stated(fake),
    hxllm: { ...stated(fake).hxllm, context: 'fixed' },
  });
  for (const stream of [false, true]) {
    asked = 0;
    const response = await gateway.chat({ n: 3, stream });
    assert.equal(response.status, 400);
    assert.equal((await errorOf(response)).code, 'context_length_exceeded');
    await Promise.all(fake.requests.slice(-3, -1).map(({ left }) => left));
    assert.equal(gateway.service().scheduler.inFlight, 0);
  }
});

test('one choice that fails in the middle of a stream ends all of it with an error frame and no [DONE]', async () => {
  let asked = 0;
  await using fake = await startFake((_got, outgoing) => {
    asked += 1;
    outgoing.write(piece('a'));
    if (asked === 2) outgoing.end('{"error":"an error was encountered while running the model: unexpected EOF"}\n');
  });
  await using gateway = await startGateway([fake], stated(fake));
  const events = parseEvents(await (await gateway.chat({ n: 2, stream: true })).text());
  assert.partialDeepStrictEqual(events.at(-1), { error: { type: 'server_error' } });
  assert.equal(events.includes('[DONE]'), false);
  await fake.requests[0]?.left;
  assert.equal(gateway.service().scheduler.inFlight, 0);
});

test('a client that leaves cancels all of its choices', async () => {
  await using fake = await startFake(stalls('a'));
  await using gateway = await startGateway([fake], stated(fake));
  const draining = new AbortController();
  const response = await gateway.chat({ n: 4, stream: true }, { signal: draining.signal });
  await until('all are asked for', () => fake.requests.length === 4);
  draining.abort();
  await response.text().catch(() => undefined);
  await Promise.all(fake.requests.map(({ left }) => left));
  await until('the places are given back', () => gateway.service().scheduler.inFlight === 0);
});

test('one choice moves to another server when its own fails before it said anything', async () => {
  await using bad = await startFake((_got, outgoing) => void outgoing.destroy());
  await using good = await startFake((_got, outgoing) => void outgoing.end(piece('good') + DONE));
  await using gateway = await startGateway([bad, good], stated(bad, good));
  const response = await gateway.chat({ n: 2 });
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  assert.deepEqual(
    choices.map(({ message }) => message.content),
    ['good', 'good'],
  );
});

test('a limit or a stop that a server ignores ends the stream, and the server is told to stop', async () => {
  for (const [more, reason, text] of [
    [{ max_tokens: 2 }, 'length', 'ab'],
    [{ stop: ['c'] }, 'stop', 'ab'],
    [{ max_tokens: 0 }, 'length', ''],
  ] as const) {
    await using fake = await startFake((_got, outgoing) => {
      outgoing.write(['a', 'b', 'c', 'd'].map(piece).join(''));
      if ('max_tokens' in more && more.max_tokens === 0) outgoing.end(DONE);
    });
    await using gateway = await startGateway([fake], stated(fake));
    const events = parseEvents(await (await gateway.chat({ stream: true, ...more })).text());
    const choices = (events.slice(0, -1) as readonly Chunk[]).flatMap((chunk) => chunk.choices);
    assert.equal(events.at(-1), '[DONE]');
    assert.deepEqual(
      [choices.map(({ delta }) => delta.content ?? '').join(''), choices.at(-1)?.finish_reason],
      [text, reason],
    );
    if (text !== '') await fake.requests[0]?.left;
    assert.equal(
      gateway.log.some(({ event }) => event === 'backend-down'),
      false,
    );
  }
});

test('more choices than a server has slots are served one after the other', async () => {
  await using fake = await startFake((_got, outgoing) => void outgoing.end(piece('one') + DONE));
  await using gateway = await startGateway([fake]);
  const events = parseEvents(await (await gateway.chat({ n: 8, stream: true })).text());
  const choices = (events.slice(0, -1) as readonly Chunk[]).flatMap((chunk) => chunk.choices);
  assert.deepEqual(
    choices
      .filter(({ finish_reason: reason }) => reason === 'stop')
      .map(({ index }) => index)
      .toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  assert.equal(events.at(-1), '[DONE]');
});

test('choices that wait for a slot leave the queue with their client', async () => {
  await using fake = await startFake((got, outgoing) =>
    got.path === '/api/chat' ? stalls('a')(got, outgoing) : void outgoing.end('{"done":true,"done_reason":"load"}'),
  );
  await using gateway = await startGateway([fake], { hxllm: { backends: { [fake.url]: { num_parallel: 1 } } } });
  const draining = new AbortController();
  const response = await gateway.chat({ n: 4, stream: true }, { signal: draining.signal });
  await until('three wait', () => gateway.service().scheduler.waiting === 3);
  draining.abort();
  await response.text().catch(() => undefined);
  await until(
    'no request waits or runs',
    () => gateway.service().scheduler.waiting === 0 && gateway.service().scheduler.inFlight === 0,
  );
  assert.equal(fake.requests.filter(({ path, body }) => path === '/api/chat' && body.includes('"hi"')).length, 1);
});
