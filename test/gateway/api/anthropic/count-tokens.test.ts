import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSim } from '../../../../src/sim/server.ts';
import { startFake } from '../../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../../running.ts';

const say = (words: number): object => ({
  messages: [{ role: 'user', content: `Repeat after me: ${'so it goes, '.repeat(words)}` }],
});

function post(
  gateway: Running,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = { 'x-api-key': KEY },
): Promise<Response> {
  return fetch(gateway.url + path, { method: 'POST', headers, body: JSON.stringify({ model: 'm', ...body }) });
}

async function count(gateway: Running, body: object): Promise<number> {
  const response = await post(gateway, '/v1/messages/count_tokens', body);
  const result = (await response.json()) as { input_tokens: number };
  assert.deepEqual(
    [response.status, Object.keys(result), response.headers.get('x-hxllm-estimated')],
    [200, ['input_tokens'], 'true'],
  );
  assert.equal(response.headers.get('request-id'), response.headers.get('x-request-id'));
  return result.input_tokens;
}

async function counted(gateway: Running, body: object): Promise<number> {
  const response = await post(gateway, '/v1/messages', { max_tokens: 1, ...body });
  return ((await response.json()) as { usage: { input_tokens: number } }).usage.input_tokens;
}

const near = (seen: number, wanted: number, tolerance: number): void => {
  assert.ok(Math.abs(seen - wanted) <= wanted * tolerance, `${String(seen)} is not near ${String(wanted)}`);
};

test(
  'nothing is loaded for a count, and no place taken: a count is answered while all slots are busy',
  { timeout: 30_000 },
  async (t) => {
    const sim = await startSim({ models: ['m'], loadMs: 1, tokenMs: 1, numParallel: 1 });
    t.after(() => sim.close());
    await using gateway = await startGateway([sim], { hxllm: { backends: { [sim.url]: { num_parallel: 1 } } } });
    assert.ok((await count(gateway, say(50))) > 20);
    assert.equal(sim.requests('/api/chat') + sim.requests('/api/generate'), 0, 'the model is asked for nothing');
    // This response does not end, so a request that waits for its slot would wait for ever.
    sim.faults.add({ kind: 'stall', path: '/api/chat', after: 1 });
    const busy = await post(gateway, '/v1/messages', { max_tokens: 60, stream: true, ...say(50) });
    assert.equal(busy.status, 200);
    await count(gateway, say(50));
    assert.equal(sim.activity().busy, 1, 'the answer is still underway');
    await busy.body?.cancel();
    await until('the slot is free', () => sim.activity().busy === 0);
  },
);

for (const [what, model, base] of [
  ['Ollama', 'ollama_chat/m', ''],
  ['a server that speaks OpenAI', 'openai/m', '/v1'],
] as const) {
  test(`counts are estimated from the tokens that ${what} counted before`, async (t) => {
    const sim = await startSim({ models: ['m'], loadMs: 1, tokenMs: 0 });
    t.after(() => sim.close());
    await using gateway = await startGateway([], {
      model_list: [{ model_name: 'm', litellm_params: { model, api_base: sim.url + base } }],
    });
    await count(gateway, say(1));
    for (const words of [20, 200, 60]) await counted(gateway, say(words));
    for (const words of [40, 300]) near(await count(gateway, say(words)), await counted(gateway, say(words)), 0.1);
  });
}

test('tools that a template does not show do not count', async (t) => {
  const sim = await startSim({ models: [{ name: 'm', capabilities: ['completion'] }], loadMs: 1, tokenMs: 0 });
  t.after(() => sim.close());
  await using gateway = await startGateway([sim]);
  const tools = Array.from({ length: 30 }, (_, index) => ({
    name: `tool_${String(index)}`,
    description: 'x'.repeat(200),
    input_schema: { type: 'object', properties: {} },
  }));
  const with_tools = { ...say(30), tools };
  const seen = await counted(gateway, with_tools);
  near(await count(gateway, with_tools), seen, 0.2);
});

test('a wrong key, an unknown model and a bad body are refused as for a message', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const path = '/v1/messages/count_tokens';
  assert.equal((await post(gateway, path, say(1), {})).status, 401);
  assert.equal((await post(gateway, path, { model: 'nope', ...say(1) })).status, 404);
  assert.equal((await post(gateway, path, {})).status, 400);
  assert.equal(
    (await post(gateway, path, { ...say(1), tools: [{ type: 'web_search_20250305', name: 'w' }] })).status,
    400,
  );
  // Counting works even if the server cannot render prompts, or is dead.
  assert.ok((await count(gateway, say(1))) > 0);
  await fake.kill();
  assert.ok((await count(gateway, say(1))) > 0);
});
