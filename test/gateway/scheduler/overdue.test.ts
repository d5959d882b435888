import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersShortly, piece, stalls, startFake, type Behaviour, type FakeUpstream } from '../fake-upstream.ts';
import { startGateway, textOf, until, type Running } from '../running.ts';

const LIMITS = { timeout: 30_000 };
const CONFIG = { router_settings: { num_retries: 0 } };
const TOOL = { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } };
/** A prompt of some 1,000 tokens: shorter ones say nothing about the speed of a server. */
const TEXT = 'word '.repeat(800);

/** Answers with the times that Ollama reports of 1,000 tokens of a prompt and 20 of a response, so that its speed is known. */
const answersTimed: Behaviour = (_got, outgoing) => {
  const times = { total_duration: 5e8, load_duration: 0, prompt_eval_duration: 2e8, eval_duration: 2e8 };
  const counts = { prompt_eval_count: 1000, eval_count: 20 };
  const last = { model: 'm', message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop' };
  outgoing.end(`${piece('hello')}${JSON.stringify({ ...last, ...times, ...counts })}\n`);
};

function ask(
  gateway: Running,
  more: (text: string) => object = () => ({}),
  headers: Record<string, string> = {},
): Promise<Response> {
  // No prompt is a part of another one, which a server might have in its cache.
  const content = `${String(performance.now())} ${TEXT}`;
  return gateway.chat({ messages: [{ role: 'user', content }], ...more(content) }, { headers });
}

/** Two servers whose speed the gateway knows, of which the first answers nothing from now on, and still answers probes and lists. */
async function withSilent([silent, other]: readonly [FakeUpstream, FakeUpstream], gateway: Running): Promise<void> {
  for (const { url } of [silent, other])
    for (let turn = 0; turn < 3; turn += 1) {
      const answer = await ask(gateway, undefined, { 'x-hxllm-backend': url });
      assert.equal(await textOf(answer), 'hello');
    }
  silent.behave(stalls());
}

/** Sends requests until one waits in a server; returns its answer, and those of the others. */
async function untilInside(
  gateway: Running,
  server: FakeUpstream,
  more?: (text: string) => object,
): Promise<Promise<Response>[]> {
  const before = server.requests.length;
  const answers: Promise<Response>[] = [];
  while (server.requests.length === before) {
    const sent = gateway.service().scheduler.fleet.picks;
    answers.push(ask(gateway, more));
    await until('it has a slot', () => gateway.service().scheduler.fleet.picks > sent);
    if (gateway.service().scheduler.fleet.backends.get(server.url)?.inFlight === 0) await answers.at(-1);
    else await until('it is sent', () => server.requests.length > before);
  }
  return answers;
}

test('a request that a server does not begin is answered by another one', LIMITS, async () => {
  await using silent = await startFake(answersTimed);
  await using other = await startFake(answersTimed);
  await using gateway = await startGateway([silent, other], CONFIG);
  await withSilent([silent, other], gateway);
  const sentMs = performance.now();
  const answers = await Promise.all(await untilInside(gateway, silent));
  const answer = answers.at(-1);
  assert.ok(answer !== undefined);
  assert.equal(await textOf(answer), 'hello');
  assert.ok(performance.now() - sentMs < 10_000);
  assert.equal(answer.headers.get('x-hxllm-backend'), other.url);
  assert.match(answer.headers.get('x-hxllm-route') ?? '', /^taken back after [\d.]+ m?s without a first token, /);
  await silent.requests.at(-1)?.left;
  assert.equal(gateway.ended().at(-1)?.['attempts'], 1, 'to be taken back is no attempt');
  assert.match(
    [...gateway.metrics.parts()].join(''),
    new RegExp(`^hxllm_recalled_requests_total\\{backend="${silent.url}",server_model="m"\\} 1$`, 'm'),
  );
  // It gets nothing for two seconds, and then one request, which is taken back as well: others are answered meanwhile.
  const got = silent.requests.length;
  for (let turn = 0; turn < 5; turn += 1) assert.equal(await textOf(await ask(gateway)), 'hello');
  assert.equal(silent.requests.length, got);
  // It has slots again as soon as it begins one.
  silent.behave(answersTimed);
  await until('its pause is over', () => {
    const { replicas } = gateway.service().scheduler.fleet;
    return [...replicas.values()].every(({ pausedUntilMs }) => performance.now() >= pausedUntilMs);
  });
  await Promise.all(await untilInside(gateway, silent));
  const { replicas } = gateway.service().scheduler.fleet;
  assert.deepEqual(
    [...replicas.values()].map(({ stall }) => stall),
    [undefined, undefined],
  );
});

test('a request that may be late by itself stays on its server', LIMITS, async () => {
  await using slow = await startFake(answersTimed);
  await using other = await startFake(answersTimed);
  await using gateway = await startGateway([slow, other], CONFIG);
  await withSilent([slow, other], gateway);
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };
  const withImage = (text: string): object => ({
    messages: [{ role: 'user', content: [{ type: 'text', text }, image] }],
  });
  for (const more of [() => ({ tools: [TOOL] }), withImage]) {
    const answered = Promise.withResolvers<undefined>();
    slow.behave(async (got, outgoing) => {
      await answered.promise;
      await answersShortly('a call')(got, outgoing);
    });
    const answers = await untilInside(gateway, slow, more);
    await Promise.race([slow.requests.at(-1)?.left, new Promise((resolve) => setTimeout(resolve, 2500))]);
    answered.resolve(undefined);
    const answer = await answers.at(-1);
    assert.equal(answer?.headers.get('x-hxllm-backend'), slow.url);
    assert.equal(await textOf(answer), 'a call');
  }
});

test('an answer that came while the gateway stood still is read, and its request not taken back', LIMITS, async () => {
  await using first = await startFake(answersTimed);
  await using second = await startFake(answersTimed);
  await using gateway = await startGateway([first, second], CONFIG);
  await withSilent([first, second], gateway);
  for (const server of [first, second])
    server.behave((got, outgoing) => {
      const done = answersTimed(got, outgoing);
      // Its bytes are on their way: timers run before they are read.
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500));
      return done;
    });
  const before = first.requests.length + second.requests.length;
  assert.equal(await textOf(await ask(gateway)), 'hello');
  assert.equal(first.requests.length + second.requests.length, before + 1);
  for (const { recalls, stall } of gateway.service().scheduler.fleet.replicas.values())
    assert.deepEqual([recalls, stall], [0, undefined]);
});
