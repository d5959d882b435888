import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSim, type Sim } from '../../../src/sim/server.ts';
import { readConfigText } from '../../../src/gateway/process/config-file.ts';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';

function entry(name: string, model: string, url: string): object {
  return { model_name: name, litellm_params: { model, api_base: url } };
}

async function start(entries: (one: Sim, two: Sim) => readonly object[], router_settings: object = {}) {
  await using stack = new AsyncDisposableStack();
  const sim = async (models: readonly string[]): Promise<Sim> => {
    const server = await startSim({ models, loadMs: 5, tokenMs: 0.2 });
    stack.defer(() => server.close());
    return server;
  };
  const [one, two] = [await sim(['phi3:latest', 'qwen3:8b']), await sim(['last:latest'])];
  const config = { general_settings: { master_key: KEY }, model_list: entries(one, two), router_settings };
  const gateway = stack.use(await startGateway([], config));
  const rest = stack.move();
  return { one, two, gateway, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

async function listed(gateway: Running): Promise<readonly string[]> {
  const { data } = (await (await gateway.ask('/v1/models')).json()) as { data: { id: string }[] };
  return data.map(({ id }) => id).toSorted();
}

test('fallbacks of a pattern are those of its names, and a fallback to a pattern is skipped', async () => {
  await using stage = await start(
    (one, two) => [
      entry('ollama/*', 'ollama_chat/*', one.url),
      entry('last', 'ollama_chat/last', two.url),
      entry('broken', 'ollama_chat/nowhere', two.url),
    ],
    { num_retries: 0, fallbacks: [{ 'ollama/*': ['last'] }, { broken: ['ollama/*', 'last'] }] },
  );
  const { gateway, one, two } = stage;
  assert.deepEqual(await listed(gateway), ['broken', 'last', 'ollama/phi3:latest', 'ollama/qwen3:8b']);
  for (const model of ['ollama/phi3', 'ollama/qwen3:8b', 'broken']) {
    if (model !== 'broken') one.faults.add({ kind: 'error', path: '/api/chat', status: 500 });
    const response = await gateway.chat({ model });
    assert.deepEqual([response.status, response.headers.get('x-hxllm-backend')], [200, two.url], model);
  }
});

test('a model is one name, one queue and one set of slots, however the file and the server write it', async () => {
  await using stage = await start(
    (one, two) => [
      entry('phi', 'ollama_chat/phi3', one.url),
      entry('ollama/*', 'ollama_chat/*', one.url),
      entry('last', 'ollama_chat/last', two.url),
    ],
    { num_retries: 0, fallbacks: [{ 'ollama/phi3': ['last'] }], model_group_alias: { qwen: 'ollama/QWEN3:8b' } },
  );
  const { gateway, one, two } = stage;
  assert.deepEqual(await listed(gateway), ['last', 'ollama/phi3:latest', 'ollama/qwen3:8b', 'phi', 'qwen']);
  for (const model of ['ollama/phi3', 'ollama/phi3:latest', 'ollama/PHI3', 'ollama/Phi3:LATEST']) {
    one.faults.add({ kind: 'error', path: '/api/chat', status: 500 });
    const response = await gateway.chat({ model });
    assert.deepEqual([response.status, response.headers.get('x-hxllm-backend')], [200, two.url], model);
  }
  assert.equal((await gateway.chat({ model: 'qwen' })).status, 200);
  const models = [...gateway.service().scheduler.fleet.replicas.values()].map(({ model }) => model.toLowerCase());
  assert.deepEqual(models.toSorted(), ['last', 'phi3', 'qwen3:8b']);
});

test('of two patterns LiteLLM’s more specific one serves a name, and of two equal ones the first', async () => {
  await using stage = await start((one) => [
    entry('ab*', 'ollama_chat/qwen3:8b', one.url),
    entry('*-x', 'ollama_chat/phi3', one.url),
    entry('*yz', 'ollama_chat/phi3', one.url),
    entry('ay*', 'ollama_chat/qwen3:8b', one.url),
  ]);
  const { gateway } = stage;
  for (const model of ['ab-x', 'ayyz']) {
    assert.equal((await gateway.chat({ model })).status, 200);
    await until('the request is logged', () => gateway.ended().some(({ alias }) => alias === model));
    assert.equal(gateway.ended().find(({ alias }) => alias === model)?.['model'], 'phi3', model);
  }
});

test('a name of a server that has never listed its models is 503 until it does, in every API, and other names are 404', async () => {
  let answers = false;
  await using server = await startFake(({ path }, outgoing) => {
    if (path === '/api/tags' && answers) outgoing.end('{"models":[{"name":"a:latest","model":"a:latest"}]}');
    else outgoing.writeHead(500).end('{"error":"starting"}');
  });
  await using gateway = await startGateway([], {
    general_settings: { master_key: KEY },
    model_list: [entry('x/*', 'ollama_chat/*', server.url)],
  });
  const messages = [{ role: 'user', content: 'hi' }];
  const ask = async (path: string, model: string): Promise<number> =>
    (
      await gateway.ask(path, {
        method: 'POST',
        body: JSON.stringify({ model, messages, max_tokens: 1, input: 'hi' }),
      })
    ).status;
  const paths = ['/v1/chat/completions', '/v1/embeddings', '/v1/responses', '/v1/messages', '/api/chat', '/api/show'];
  for (const path of paths) {
    // Anthropic's API has a status of its own for it.
    const unserved = path === '/v1/messages' ? 529 : 503;
    assert.deepEqual([await ask(path, 'x/b'), await ask(path, 'b')], [unserved, 404], path);
  }
  answers = true;
  for (const path of paths) await until(`${path} is 404`, async () => (await ask(path, 'x/b')) === 404);
});

test('an openai/ server is asked for its own list, and names with slashes reach it whole', async () => {
  const asked: unknown[] = [];
  await using server = await startFake(({ path, body }, outgoing) => {
    if (path === '/v1/models') outgoing.end('{"object":"list","data":[{"id":"Org/Model-1","object":"model"}]}');
    else {
      asked.push((JSON.parse(body) as { model: unknown }).model);
      outgoing.end(
        '{"id":"1","object":"chat.completion","created":1,"model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}',
      );
    }
  });
  await using gateway = await startGateway([], {
    general_settings: { master_key: KEY },
    model_list: [entry('openai/*', 'openai/*', `${server.url}/v1`)],
  });
  assert.deepEqual(await listed(gateway), ['openai/Org/Model-1']);
  assert.equal((await gateway.chat({ model: 'openai/Org/Model-1' })).status, 200);
  const path = '/openai/deployments/openai%2FOrg%2FModel-1/chat/completions';
  const body = JSON.stringify({ messages: [{ role: 'user', content: 'hi' }] });
  assert.equal((await gateway.ask(path, { method: 'POST', body })).status, 200);
  assert.deepEqual(asked, ['Org/Model-1', 'Org/Model-1']);
  for (const id of ['openai%2FOrg%2FModel-1', 'openai/Org/Model-1'])
    assert.equal((await gateway.ask(`/v1/models/${id}`)).status, 200, id);
  for (const model of ['openai/', 'openai/*', 'openai/gpt-4o'])
    assert.equal((await gateway.chat({ model })).status, 404, model);
});

test('requests that wait when a reload removes their pattern are answered, and the next one is 404', async (t) => {
  const server = await startSim({ models: ['phi3:latest'], loadMs: 5, tokenMs: 10, numParallel: 1 });
  t.after(() => server.close());
  const model_list = [entry('x/*', 'ollama_chat/*', server.url)];
  await using gateway = await startGateway([], { general_settings: { master_key: KEY }, model_list });
  assert.equal((await gateway.chat({ model: 'x/phi3', max_tokens: 1 })).status, 200);
  const { scheduler } = gateway.service();
  const asked = [0, 1, 2, 3].map(() => gateway.chat({ model: 'x/phi3', max_tokens: 20 }));
  await until('some wait', () => scheduler.waiting >= 2);
  const text = JSON.stringify({
    general_settings: { master_key: KEY },
    model_list: [entry('other', 'ollama_chat/phi3', server.url)],
  });
  const { config } = readConfigText(text, 'config.yaml', { environment: {} });
  assert.ok(config !== undefined);
  await gateway.reload(config);
  assert.equal((await gateway.chat({ model: 'x/phi3' })).status, 404);
  assert.deepEqual(
    (await Promise.all(asked)).map(({ status }) => status),
    [200, 200, 200, 200],
  );
  assert.equal((await gateway.chat({ model: 'other', max_tokens: 1 })).status, 200);
  await until('only the other is left', () =>
    [...scheduler.fleet.deployments.keys()].every((id) => id.startsWith('other@')),
  );
  assert.deepEqual([scheduler.inFlight, scheduler.waiting], [0, 0]);
});

test('the same models in another order change nothing', async () => {
  let names: readonly string[] = ['a:latest', 'b:latest'];
  let lists = 0;
  await using server = await startFake(({ path }, outgoing) => {
    if (path !== '/api/tags') {
      outgoing.end('{}');
      return;
    }
    lists += 1;
    names = names.toReversed();
    outgoing.end(JSON.stringify({ models: names.map((name) => ({ name, model: name })) }));
  });
  const model_list = [entry('x/*', 'ollama_chat/*', server.url)];
  await using gateway = await startGateway([], { general_settings: { master_key: KEY }, model_list });
  await until('the models are listed', async () => (await listed(gateway)).length === 2);
  const service = gateway.service();
  const before = lists;
  await until('they are listed twice more', async () => {
    await gateway.chat({ model: 'x/none' });
    return lists > before + 1;
  });
  assert.equal(gateway.service(), service);
});
