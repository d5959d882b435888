import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSim, type Sim } from '../../../src/sim/server.ts';
import { DONE, piece, startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';

const MASTER = { general_settings: { master_key: KEY } };

function entry(name: string, model: string, url: string): object {
  return { model_name: name, litellm_params: { model, api_base: url } };
}

async function startStage(entries: (one: Sim, two: Sim) => readonly object[], more: object = {}) {
  await using stack = new AsyncDisposableStack();
  const sim = async (models: readonly string[]): Promise<Sim> => {
    const server = await startSim({ models, loadMs: 5, tokenMs: 0.2 });
    stack.defer(() => server.close());
    return server;
  };
  const one = await sim(['phi3:latest', 'qwen3:8b', 'nomic-embed-text:latest']);
  const two = await sim(['qwen3:8b', 'team/special:1b']);
  const gateway = stack.use(await startGateway([], { ...MASTER, model_list: entries(one, two), ...more }));
  const rest = stack.move();
  return { one, two, gateway, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

async function post(gateway: Running, path: string, body: object): Promise<Response> {
  return gateway.ask(path, { method: 'POST', body: JSON.stringify(body) });
}

async function listed(gateway: Running): Promise<readonly string[]> {
  const { data } = (await (await gateway.ask('/v1/models')).json()) as { data: { id: string }[] };
  return data.map(({ id }) => id).toSorted();
}

const HI = { messages: [{ role: 'user', content: 'hi' }] };

test('lists show the models of the servers under the pattern’s names, and never the pattern', async () => {
  await using stage = await startStage((one, two) => [
    entry('ollama/*', 'ollama_chat/*', one.url),
    entry('ollama/*', 'ollama_chat/*', two.url),
    entry('fixed', 'ollama_chat/phi3', one.url),
  ]);
  const { gateway } = stage;
  const names = [
    'fixed',
    'ollama/nomic-embed-text:latest',
    'ollama/phi3:latest',
    'ollama/qwen3:8b',
    'ollama/team/special:1b',
  ];
  assert.deepEqual(await listed(gateway), names);
  const tags = (await (await gateway.ask('/api/tags')).json()) as { models: { name: string; size: number }[] };
  assert.deepEqual(tags.models.map(({ name }) => name.replace(/^fixed:latest$/, 'fixed')).toSorted(), names);
  assert.ok(tags.models.every(({ size }) => size > 0));
  for (const [path, key] of [
    ['/v1/model/info', 'model_name'],
    ['/model_group/info', 'model_group'],
  ] as const) {
    const { data } = (await (await gateway.ask(path)).json()) as { data: Record<string, unknown>[] };
    assert.deepEqual([...new Set(data.map((item) => String(item[key])))].toSorted(), names, path);
  }
  const info = (await (await gateway.ask('/v1/model/info')).json()) as {
    data: { model_name: string; litellm_params: { model: string }; model_info: { id: string } }[];
  };
  const special = info.data.filter(({ model_name }) => model_name === 'ollama/team/special:1b');
  assert.deepEqual(
    special.map(({ litellm_params }) => litellm_params.model),
    ['ollama_chat/team/special:1b'],
  );
  assert.equal(new Set(info.data.map(({ model_info }) => model_info.id)).size, info.data.length);
  const shown = await post(gateway, '/api/show', { model: 'ollama/qwen3:8b' });
  assert.equal(shown.status, 200);
  assert.equal((await gateway.ask('/v1/models/ollama/phi3')).status, 200, 'without its tag');
});

test('a name is served in every dialect, by the servers that have its model', async () => {
  await using stage = await startStage((one, two) => [
    entry('ollama/*', 'ollama_chat/*', one.url),
    entry('ollama/*', 'ollama_chat/*', two.url),
  ]);
  const { gateway, one, two } = stage;
  const chats: readonly (readonly [string, object])[] = [
    ['/v1/chat/completions', HI],
    ['/v1/completions', { prompt: 'hi' }],
    ['/v1/responses', { input: 'hi' }],
    ['/v1/messages', { ...HI, max_tokens: 5 }],
    ['/api/chat', { ...HI, stream: false }],
    ['/api/generate', { prompt: 'hi', stream: false }],
  ];
  for (const [path, body] of chats) {
    for (const [model, server] of [
      ['ollama/phi3', one],
      ['ollama/phi3:latest', one],
      ['ollama/team/special:1b', two],
    ] as const) {
      const response = await post(gateway, path, { model, ...body });
      assert.equal(response.status, 200, `${path} ${model} ${await response.clone().text()}`);
      assert.equal(response.headers.get('x-hxllm-backend'), server.url, `${path} ${model}`);
    }
    const absent = await post(gateway, path, { model: 'ollama/absent:1b', ...body });
    assert.equal(absent.status, 404, path);
  }
  for (const path of ['/v1/embeddings', '/api/embed'])
    assert.equal((await post(gateway, path, { model: 'ollama/nomic-embed-text', input: 'hi' })).status, 200, path);
  const used = new Set<string | null>();
  await until('both servers of a model have answered', async () => {
    const asked = [0, 1, 2].map(() => post(gateway, '/v1/chat/completions', { model: 'ollama/qwen3:8b', ...HI }));
    for (const response of await Promise.all(asked)) used.add(response.headers.get('x-hxllm-backend'));
    return used.size === 2;
  });
});

test('a pattern for one model serves every name that matches, the most specific pattern and an exact name first', async () => {
  await using stage = await startStage((one) => [
    entry('*', 'ollama_chat/qwen3:8b', one.url),
    entry('claude-*', 'ollama_chat/phi3', one.url),
    entry('claude-exact', 'ollama_chat/nomic-embed-text', one.url),
  ]);
  const { gateway } = stage;
  const modelOf = async (model: string): Promise<unknown> => {
    const response = await gateway.chat({ model });
    const body = (await response.json()) as { model: string };
    assert.equal(body.model, model, 'the response has the name that was asked for');
    await until('the request is logged', () => gateway.ended().some(({ alias }) => alias === model));
    return gateway.ended().find(({ alias }) => alias === model)?.['model'];
  };
  assert.equal(await modelOf('claude-3-opus'), 'phi3');
  assert.equal(await modelOf('gpt-4o'), 'qwen3:8b');
  assert.deepEqual(await listed(gateway), ['claude-exact']);
});

test('invented names make no time series and no state', async () => {
  await using stage = await startStage((one) => [
    entry('claude-*', 'ollama_chat/phi3', one.url),
    entry('ollama/*', 'ollama_chat/*', one.url),
  ]);
  const { gateway, one } = stage;
  await gateway.chat({ model: 'claude-first' });
  await gateway.chat({ model: 'ollama/none-first' });
  const { fleet } = gateway.service().scheduler;
  const sizes = (): readonly number[] => [
    fleet.deployments.size,
    fleet.replicas.size,
    fleet.queues.size,
    [...gateway.metrics.parts()]
      .join('')
      .split('\n')
      .filter((line) => line.startsWith('hxllm_requests_total')).length,
  ];
  const [before, lists] = [sizes(), one.requests('/api/tags')];
  const startedMs = performance.now();
  for (let index = 0; index < 100; index += 1) {
    assert.equal((await gateway.chat({ model: `claude-${String(index)}` })).status, 200);
    assert.equal((await gateway.chat({ model: `ollama/none-${String(index)}` })).status, 404);
  }
  await until('all are counted', () => gateway.ended().length === 202);
  assert.deepEqual(sizes(), before);
  const seconds = (performance.now() - startedMs) / 1000;
  assert.ok(one.requests('/api/tags') - lists <= seconds + 2, 'a server is listed at most once a second');
  assert.match([...gateway.metrics.parts()].join(''), /hxllm_requests_total\{model="claude-\*"/);
});

test('a model that a server gets later is served at once, and one that it loses is not found', async () => {
  let models = ['a:latest'];
  await using server = await startFake(({ path, body }, outgoing) => {
    if (path === '/api/tags') outgoing.end(JSON.stringify({ models: models.map((name) => ({ name, model: name })) }));
    else if (path === '/api/show') outgoing.end('{}');
    else outgoing.end(body.includes('"stream":true') ? piece('x') + DONE : DONE);
  });
  await using gateway = await startGateway([], {
    ...MASTER,
    model_list: [entry('x/*', 'ollama_chat/*', server.url)],
  });
  assert.equal((await gateway.chat({ model: 'x/a' })).status, 200);
  models = ['b:latest'];
  await until('the new model is served', async () => (await gateway.chat({ model: 'x/b' })).status === 200);
  assert.deepEqual(await listed(gateway), ['x/b:latest']);
  assert.equal((await gateway.chat({ model: 'x/a' })).status, 404);
});

test('the servers of a pattern that do not answer keep their names, and a reload keeps those of the patterns that stay', async () => {
  await using stage = await startStage((one) => [entry('ollama/*', 'ollama_chat/*', one.url)]);
  const { gateway, one } = stage;
  await until('the models are listed', async () => (await listed(gateway)).length === 3);
  await gateway.reload({ ...gateway.service().config });
  assert.equal((await gateway.chat({ model: 'ollama/phi3' })).status, 200);
  await one.close();
  assert.equal((await listed(gateway)).length, 3);
  const response = await gateway.chat({ model: 'ollama/phi3' });
  assert.ok(response.status >= 500, String(response.status));
});

test('fallbacks go to names that only a pattern serves, and those names have the fallbacks for all', async () => {
  await using stage = await startStage(
    (one, two) => [
      entry('broken', 'ollama_chat/nowhere', two.url),
      entry('ollama/*', 'ollama_chat/*', one.url),
      entry('last', 'ollama_chat/qwen3:8b', two.url),
    ],
    { router_settings: { fallbacks: [{ broken: ['ollama/phi3'] }, { '*': ['last'] }], num_retries: 0 } },
  );
  const { gateway, one, two } = stage;
  const response = await gateway.chat({ model: 'broken' });
  assert.deepEqual([response.status, response.headers.get('x-hxllm-backend')], [200, one.url]);
  one.faults.add({ kind: 'error', path: '/api/chat', status: 500 });
  const other = await gateway.chat({ model: 'ollama/phi3:latest' });
  assert.deepEqual([other.status, other.headers.get('x-hxllm-backend')], [200, two.url]);
});
