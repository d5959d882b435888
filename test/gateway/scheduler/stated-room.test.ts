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
