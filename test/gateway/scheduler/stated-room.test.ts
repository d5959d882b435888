import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSim } from '../../../src/sim/server.ts';
import { startGateway } from '../running.ts';

test('max_loaded_models is the room of its server for routing, and without it none is stated', async () => {
  const sim = await startSim({ models: ['m'] });
  try {
    const withRoom = (max_loaded_models?: number): Record<string, unknown> =>
      max_loaded_models === undefined ? {} : { hxllm: { backends: { [sim.url]: { max_loaded_models } } } };
    for (const room of [2, undefined]) {
      await using gateway = await startGateway([sim], withRoom(room));
      assert.equal([...gateway.service().scheduler.fleet.backends.values()][0]?.room, room);
    }
  } finally {
    await sim.close();
  }
});

test('an unload that makes room is logged with the model that it makes room for', async () => {
  const sim = await startSim({ models: ['a', 'b'], maxLoadedModels: 1, loadMs: 100 });
  try {
    await using gateway = await startGateway([], {
      model_list: ['a', 'b'].map((model) => ({
        model_name: model,
        litellm_params: { model: `ollama_chat/${model}`, api_base: sim.url },
      })),
      hxllm: { backends: { [sim.url]: { max_loaded_models: 1 } } },
    });
    for (const model of ['a', 'b']) assert.equal((await gateway.chat({ model })).status, 200);
    assert.deepEqual(
      gateway.log.filter(({ event }) => event === 'unloading'),
      [{ event: 'unloading', backend: sim.url, model: 'a', reason: 'room', loads: 'b' }],
    );
  } finally {
    await sim.close();
  }
});
