import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fails, startFake, type FakeUpstream } from '../fake-upstream.ts';
import { startGateway, type Running } from '../running.ts';
import { answers, entry, FOREIGN, HI, post } from './own-dialect-stage.ts';

const BIASED = { ...HI, logit_bias: { 5: 1 } };

interface Stage extends AsyncDisposable {
  readonly native: FakeUpstream;
  readonly other: FakeUpstream;
  readonly gateway: Running;
}

/** An Ollama server for the alias `m`, and an `openai/` server for `other`, each the fallback of the other. */
async function startStage(hxllm: object = {}): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const native = stack.use(await startFake(answers));
  const other = stack.use(await startFake(answers));
  const gateway = stack.use(
    await startGateway([], {
      model_list: [entry('ollama_chat/m', native), entry('openai/m', other, 'other')],
      router_settings: { fallbacks: [{ m: ['other'] }, { other: ['m'] }], num_retries: 0 },
      hxllm,
    }),
  );
  const rest = stack.move();
  return { native, other, gateway, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

const facts = ({ status, headers }: Response): unknown => [
  status,
  headers.get('x-hxllm-ignored-params'),
  headers.get('x-hxllm-route')?.startsWith('fallback/'),
];

test('a request that only the openai/ fallback of an alias can serve goes to it at once', async () => {
  await using stage = await startStage();
  const { native, other, gateway } = stage;
  for (const [path, body] of FOREIGN)
    for (const stream of path === '/v1/embeddings' ? [false] : [false, true]) {
      const response = await post(gateway, path, { ...body, stream });
      assert.deepEqual(facts(response), [200, null, true], JSON.stringify(body));
      assert.equal(response.headers.get('x-litellm-model-group'), 'other');
      await response.text();
    }
  assert.equal(native.requests.length, 0);
  assert.equal(other.requests.length, 2 * FOREIGN.length - 3);
});

test('it is refused by the field if fallbacks are turned off, a backend is pinned, or no fallback can serve it', async () => {
  await using stage = await startStage();
  const { native, other, gateway } = stage;
  const hot = { model: 'm', ...HI, temperature: 3 };
  const refused = async (body: object, headers: Record<string, string> = {}): Promise<void> => {
    const response = await gateway.ask('/v1/chat/completions', { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(response.status, 400);
    assert.partialDeepStrictEqual(await response.json(), { error: { param: 'temperature' } });
  };
  await refused({ ...hot, disable_fallbacks: true });
  await refused(hot, { 'x-hxllm-backend': native.url });
  await refused({ ...hot, fallbacks: ['m'] });
  assert.equal(native.requests.length + other.requests.length, 0);
  other.behave(fails(503, 'busy'));
  // The fallback fails, and the alias itself cannot serve the request.
  assert.equal((await post(gateway, '/v1/chat/completions', { ...HI, temperature: 3 })).status, 503);
  assert.equal(native.requests.length, 0);
});

test('under strict, a parameter without effect on the servers of an alias goes to the fallback that may have it', async () => {
  await using stage = await startStage({ strict: true });
  const { native, other, gateway } = stage;
  assert.deepEqual(facts(await post(gateway, '/v1/chat/completions', BIASED)), [200, null, true]);
  other.behave(fails(500, 'broken'));
  // Neither the alias nor the fallback of the other one drops the parameter in silence.
  assert.equal((await post(gateway, '/v1/chat/completions', BIASED)).status, 502);
  assert.equal((await post(gateway, '/v1/chat/completions', { ...BIASED, model: 'other' })).status, 502);
  assert.equal(native.requests.length, 0);
});

test('parameters without effect are named if the server that answers ignores them, whichever it is', async () => {
  await using stage = await startStage();
  const { native, other, gateway } = stage;
  for (const stream of [false, true]) {
    const ask = async (model: string): Promise<unknown> => {
      const response = await post(gateway, '/v1/chat/completions', { ...BIASED, model, stream });
      await response.text();
      return facts(response);
    };
    native.behave(answers);
    other.behave(answers);
    assert.deepEqual(await ask('m'), [200, 'logit_bias', false]);
    assert.deepEqual(await ask('other'), [200, null, false]);
    native.behave(fails(500, 'broken'));
    assert.deepEqual(await ask('m'), [200, null, true]);
    native.behave(answers);
    other.behave(fails(500, 'broken'));
    assert.deepEqual(await ask('other'), [200, 'logit_bias', true]);
  }
});

test('of an alias with both kinds of servers, only the answers of Ollama name them', async () => {
  await using native = await startFake(answers);
  await using other = await startFake(answers);
  await using gateway = await startGateway([], {
    model_list: [entry('ollama_chat/m', native), entry('openai/m', other)],
  });
  const named = new Map<string | null, Set<string | null>>();
  for (let turn = 0; turn < 8; turn += 1) {
    const response = await post(gateway, '/v1/chat/completions', { ...BIASED, stream: turn % 2 === 0 });
    await response.text();
    const backend = response.headers.get('x-hxllm-backend');
    named.set(backend, (named.get(backend) ?? new Set()).add(response.headers.get('x-hxllm-ignored-params')));
    // The next one goes to the other server.
    const [busy] = response.headers.get('x-hxllm-backend') === native.url ? [native] : [other];
    busy.behave((_got, outgoing) => void outgoing.writeHead(503).end('{"error":"busy"}'));
    (busy === native ? other : native).behave(answers);
  }
  assert.deepEqual([...(named.get(native.url) ?? [])], ['logit_bias']);
  assert.deepEqual([...(named.get(other.url) ?? [])], [null]);
});

test('several choices of one response name what one of their servers ignores', async () => {
  await using native = await startFake(answers);
  await using other = await startFake(answers);
  await using gateway = await startGateway([], {
    model_list: [entry('ollama_chat/m', native), entry('openai/m', other)],
    router_settings: { routing_strategy: 'simple-shuffle' },
  });
  for (let turn = 0; turn < 12; turn += 1) {
    const before = native.requests.length;
    const response = await post(gateway, '/v1/chat/completions', { ...BIASED, n: 2 });
    await response.text();
    const expected = native.requests.length > before ? 'logit_bias' : null;
    assert.equal(response.headers.get('x-hxllm-ignored-params'), expected);
  }
});

test('an option that one server of an alias gives is named by the others, and under strict goes to that server', async () => {
  await using small = await startFake(answers);
  await using large = await startFake(answers);
  const entries = [
    { model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: small.url, num_ctx: 1024, order: 1 } },
    { model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: large.url, num_ctx: 8192, order: 2 } },
  ];
  for (const strict of [false, true]) {
    await using gateway = await startGateway([], { model_list: entries, hxllm: { strict } });
    const response = await post(gateway, '/api/chat', { ...HI, stream: false, options: { num_ctx: 4096 } });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-hxllm-backend'), strict ? large.url : small.url);
    assert.equal(response.headers.get('x-hxllm-ignored-params'), strict ? null : 'options.num_ctx');
  }
});
