import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../fault/seed.ts';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until } from '../running.ts';
import { anyAnswer } from './any-answer.ts';
import { assault } from './assault.ts';

const RUNS = Number(process.env['HXLLM_FUZZ_RUNS'] ?? 600);

test('malformed input gets an error object and leaves the gateway working', async (t) => {
  await seeded(async (random) => {
    await using fake = await startFake(anyAnswer);
    await using gateway = await startGateway([fake]);
    const statuses = await assault(gateway.port, KEY, RUNS, random);
    t.diagnostic(JSON.stringify(Object.fromEntries(statuses)));
    for (const status of [200, 400, 401, 404]) assert.ok((statuses.get(status) ?? 0) > 0, `some are ${String(status)}`);
    await until('no slot is in use', () => gateway.service().scheduler.inFlight === 0);
    assert.equal((await gateway.chat()).status, 200);
    assert.equal(
      gateway.log.some(({ event }) => event === 'backend-down'),
      false,
    );
  });
});
