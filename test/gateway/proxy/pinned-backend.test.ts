import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSim } from '../../../src/sim/server.ts';
import { startGateway } from '../running.ts';

test('a request that names a server is answered by it, though another has the model in memory', async () => {
  const sims = await Promise.all([
    startSim({ models: ['m'], loadMs: 5, tokenMs: 0 }),
    startSim({ models: ['m'], loadMs: 5, tokenMs: 0 }),
  ]);
  try {
    await using gateway = await startGateway(sims);
    const chat = (backend?: string): Promise<Response> =>
      gateway.chat({}, backend === undefined ? {} : { headers: { 'x-hxllm-backend': backend } });
    for (const { url } of [...sims, ...sims]) {
      const answer = await chat(url);
      assert.deepEqual([answer.status, answer.headers.get('x-hxllm-backend')], [200, url]);
      await answer.text();
    }
    const refused = await chat('http://127.0.0.1:1');
    assert.equal(refused.status, 400);
    const { error } = (await refused.json()) as { error: Record<string, unknown> };
    assert.deepEqual([error['code'], error['param']], ['backend_not_found', 'x-hxllm-backend']);
    assert.equal((await chat()).status, 200);
  } finally {
    await Promise.all(sims.map((sim) => sim.close()));
  }
});

test('the parameters of a request that names a server are judged by that server alone', async () => {
  const sim = await startSim({ models: ['m'], loadMs: 5, tokenMs: 0 });
  try {
    const [native, compatible] = [sim.url, `${sim.url}/v1`];
    await using gateway = await startGateway([], {
      hxllm: { strict: true },
      model_list: [
        { model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: native } },
        { model_name: 'm', litellm_params: { model: 'openai/m', api_base: compatible } },
      ],
    });
    for (const [backend, status] of [
      [native, 400],
      [compatible, 200],
    ] as const) {
      const answer = await gateway.chat({ made_up: 1 }, { headers: { 'x-hxllm-backend': backend } });
      assert.deepEqual([answer.status, answer.headers.get('x-hxllm-ignored-params')], [status, null], backend);
      await answer.text();
    }
  } finally {
    await sim.close();
  }
});
