import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { routeWords } from '../../../src/gateway/proxy/route-words.ts';
import { startSim, type SimOptions } from '../../../src/sim/server.ts';
import { until } from '../../until.ts';
import { NOWHERE } from '../fake-upstream.ts';
import { startGateway, untilListed, type Running } from '../running.ts';

const PARALLEL = 4;

interface Stage {
  readonly gateway: Running;
  readonly url: string;
  /** The header of a response that was read to its end. */
  readonly routeOf: (body: object, path?: string) => Promise<string | null>;
}

/** A gateway before one simulated server; the aliases are `a`, `b` … for its models in their order. */
async function stageOf(t: TestContext, given: SimOptions, more: object = {}): Promise<Stage> {
  const options = { numParallel: PARALLEL, loadMs: 300, models: ['a', 'b'], ...given };
  const sim = await startSim(options);
  t.after(() => sim.close());
  const model_list = options.models.map((model, index) => ({
    model_name: String.fromCodePoint(97 + index),
    litellm_params: {
      model: `ollama_chat/${typeof model === 'string' ? model : model.name}`,
      api_base: sim.url,
      num_ctx: 4096,
    },
  }));
  const hxllm = { backends: { [sim.url]: { num_parallel: options.numParallel } }, ...more };
  const gateway = await startGateway([], { model_list, hxllm });
  t.after(() => gateway[Symbol.asyncDispose]());
  await untilListed(gateway);
  const routeOf = async (body: object, path = '/v1/chat/completions'): Promise<string | null> => {
    const response = await gateway.ask(path, { method: 'POST', body: JSON.stringify(body) });
    await response.text();
    return response.headers.get('x-hxllm-route');
  };
  return { gateway, url: sim.url, routeOf };
}

const chatOf = (model: string, content = 'hi', more: object = {}): object => ({
  model,
  messages: [{ role: 'user', content }],
  ...more,
});

test('x-hxllm-route tells in words of the load, its victim, the slots and the cached part of the prompt', async (t) => {
  const { routeOf, url, gateway } = await stageOf(t, { maxLoadedModels: 1 });
  const host = new URL(url).host;
  const long = 'A sentence that is long enough to be counted. '.repeat(40);
  assert.match(
    (await routeOf(chatOf('a', long))) ?? '',
    new RegExp(String.raw`^loaded on ${host}, waited \d\.\d s for that, 1 of 4 slots, prefix 0 of \d{3} tokens$`),
  );
  const again = /^resident, 1 of 4 slots, prefix ([\d,]+) of ([\d,]+) tokens$/.exec(
    (await routeOf(chatOf('a', long))) ?? '',
  );
  assert.equal(again?.[1], again?.[2]);
  assert.match((await routeOf(chatOf('b'))) ?? '', /^loaded on [^,]+, (?:replacing a, )?waited/);
  // It is known now that one model has room: the gateway names the model that goes.
  await until('the server has listed b', () =>
    [...gateway.service().scheduler.fleet.backends.values()].every(({ listed }) => listed?.join('').startsWith('b')),
  );
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.match(
    (await routeOf(chatOf('a'))) ?? '',
    /^(?:waited \d\.\d s for a slot, )?loaded on [^,]+, replacing b, idle \d\.\d s, waited \d\.\d s for that, 1 of 4 slots, prefix 0 of \d+ tokens?$/,
  );
});

test('x-hxllm-route tells of the wait for a slot, and of a queue that is full', async (t) => {
  const { gateway, routeOf } = await stageOf(t, {
    numParallel: 1,
    tokenMs: 10,
    models: [{ name: 'm', answerTokens: 60 }],
  });
  await routeOf(chatOf('a'));
  const batch = { metadata: { class: 'batch' } };
  const routes = await Promise.all([{}, {}, {}, batch].map((more) => routeOf(chatOf('a', 'hi', more))));
  assert.deepEqual(
    routes.map((route) => (route ?? '').replace(/\d+\.\d s/, 'N s')).toSorted((a, b) => a.localeCompare(b)),
    [
      'resident, 1 of 1 slot, prefix 1 of 1 token',
      'waited N s for a slot as a batch, resident, 1 of 1 slot, prefix 1 of 1 token',
      'waited N s for a slot, resident, 1 of 1 slot, prefix 1 of 1 token',
      'waited N s for a slot, resident, 1 of 1 slot, prefix 1 of 1 token',
    ],
  );
  assert.equal(gateway.ended().at(-1)?.['reason'], 'only-one', 'the log keeps the code');
});

test('refused requests tell why: the queue, the time, and a model without a server', async (t) => {
  const { gateway } = await stageOf(
    t,
    { numParallel: 1, tokenMs: 20, models: [{ name: 'm', answerTokens: 100 }] },
    { max_queue: 1, max_queue_wait: 1 },
  );
  const leaving = new AbortController();
  const ask = (): Promise<Response> => gateway.chat({ model: 'a', stream: true }, { signal: leaving.signal });
  await ask();
  const waiting = ask();
  const { scheduler } = gateway.service();
  await until('one waits', () => scheduler.waiting === 1);
  const full = await ask();
  assert.deepEqual(
    [full.status, full.headers.get('x-hxllm-route')],
    [503, 'refused, the queue is full, 1 other waits'],
  );
  const late = await waiting;
  assert.equal(late.status, 503);
  assert.match(late.headers.get('x-hxllm-route') ?? '', /^refused, no slot came free in time, waited \d\.\d s$/);
  leaving.abort();
  await using broken = await startGateway([{ url: (await serverFor(t, 'other')).url }]);
  const unloaded = await broken.chat();
  assert.deepEqual(
    [unloaded.status >= 400, unloaded.headers.get('x-hxllm-route')],
    [true, 'refused, its model could not be loaded'],
  );
  await using dead = await startGateway([{ url: NOWHERE[0] }]);
  await dead.chat();
  const none = await dead.chat();
  assert.deepEqual(
    [none.status, none.headers.get('x-hxllm-route')],
    [503, 'refused, no server of this model can answer'],
  );
});

test('a trial of one slot more says so, and a server with /v1 has no slots to show', async (t) => {
  const sim = await startSim({ numParallel: 2, tokenMs: 5, models: [{ name: 'm', answerTokens: 100 }] });
  t.after(() => sim.close());
  await using gateway = await startGateway([sim]);
  const first = gateway.chat();
  await until('the first has begun', () => gateway.service().scheduler.fleet.backends.get(sim.url)?.started === 1);
  const [second] = await Promise.all([gateway.chat(), first]);
  assert.match(second.headers.get('x-hxllm-route') ?? '', /^resident, trying slot 2, 1 known so far, prefix/);
  const model_list = [{ model_name: 'm', litellm_params: { model: 'openai/m', api_base: `${sim.url}/v1` } }];
  await using other = await startGateway([], { model_list });
  const answer = await other.chat();
  assert.equal(answer.headers.get('x-hxllm-route'), 'the server manages its own memory, 1 request in flight');
});

test('a refused request tells apart its wait for a slot and for loads', () => {
  const decision = { kind: 'reject', request: 'r1', reason: 'queue-timeout', retryAfterMs: 1000, ahead: 0 } as const;
  const wordsOf = (waitedMs: number, loadMs: number): string | undefined =>
    routeWords({
      route: {
        decision: { ...decision, waitedMs, loadMs },
        failedAttempts: 0,
        refit: undefined,
        insideMs: 0,
        isBatch: false,
      },
      attempts: 0,
      group: 'm',
      backend: undefined,
      reason: undefined,
      failure: undefined,
    });
  const refused = 'refused, no slot came free in time';
  assert.equal(wordsOf(4001, 2900), `${refused}, waited 4.0 s, and 2.9 s for loads`);
  assert.equal(wordsOf(4001, 0), `${refused}, waited 4.0 s`);
  assert.equal(wordsOf(0, 2900), `${refused}, waited 2.9 s for loads`);
});

test('every API has the header, whole and streamed', async (t) => {
  const { routeOf } = await stageOf(t, { models: ['m', 'nomic-embed-text'] });
  const resident = /^resident, \d of 4 slots/;
  await routeOf(chatOf('a'));
  for (const stream of [false, true]) {
    assert.match((await routeOf(chatOf('a', 'hi', { stream }))) ?? '', resident);
    assert.match((await routeOf({ model: 'a', prompt: 'hi', stream }, '/v1/completions')) ?? '', resident);
    assert.match((await routeOf({ model: 'a', input: 'hi', stream }, '/v1/responses')) ?? '', resident);
    assert.match((await routeOf(chatOf('a', 'hi', { stream, max_tokens: 9 }), '/v1/messages')) ?? '', resident);
    assert.match((await routeOf(chatOf('a', 'hi', { stream }), '/api/chat')) ?? '', resident);
    assert.match((await routeOf({ model: 'a', prompt: 'hi', stream }, '/api/generate')) ?? '', resident);
  }
  assert.equal(await routeOf({ model: 'a' }, '/api/generate'), 'resident, no slot needed');
  await routeOf({ model: 'b', input: 'hi' }, '/v1/embeddings');
  for (const path of ['/v1/embeddings', '/api/embed'])
    assert.equal(await routeOf({ model: 'b', input: 'hi' }, path), 'resident, 1 of 1 slot');
});

test('the header is ASCII and holds no text of a client, whatever names are made of', async (t) => {
  await using gateway = await startGateway([], {
    model_list: [
      { model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: NOWHERE[0] } },
      { model_name: 'größe\n模型', litellm_params: { model: 'ollama_chat/m', api_base: (await serverFor(t)).url } },
    ],
    router_settings: { fallbacks: [{ m: ['größe\n模型'] }] },
  });
  const response = await gateway.chat({ user: 'secret-user' }, { headers: { 'x-hxllm-caller': 'secret-caller' } });
  assert.equal(response.status, 200);
  const route = response.headers.get('x-hxllm-route') ?? '';
  assert.match(route, /^fallback\/gr%C3%B6%C3%9Fe%0A%E6%A8%A1%E5%9E%8B, [\x20-\x7e]*1 of 1 slot/);
  assert.doesNotMatch(route, /secret|sk-/);
});

async function serverFor(t: TestContext, model = 'm'): Promise<{ readonly url: string }> {
  const sim = await startSim({ models: [model], loadMs: 1 });
  t.after(() => sim.close());
  return sim;
}
