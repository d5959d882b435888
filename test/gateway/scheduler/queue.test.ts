import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Sim } from '../../../src/sim/server.ts';

import { startGateway, type Running } from '../running.ts';
import { startSims, withSlots, say, watch } from './queue-stage.ts';

/** Serves a number of requests while the queues inside the servers are watched. */
async function overload(
  gateway: Running,
  sims: readonly Sim[],
  requests: number,
): Promise<{ readonly inside: number; readonly busy: number }> {
  using seen = watch(sims);
  const answers = await Promise.all(
    Array.from({ length: requests }, (_, number) => gateway.chat({ stream: number % 2 === 0, ...say(number) })),
  );
  for (const answer of answers) assert.equal(answer.status, 200, await answer.text());
  for (const answer of answers) if (!answer.bodyUsed) await answer.text();
  return seen;
}

test('with configured slots and ten times as many requests, no request waits inside a server and all slots are used', async () => {
  await using servers = await startSims(2, { numParallel: 4 });
  await using gateway = await startGateway(servers.sims, withSlots(servers.sims, 4));
  const { inside, busy } = await overload(gateway, servers.sims, 80);
  assert.deepEqual([inside, busy], [0, 4]);
  assert.deepEqual([gateway.service().scheduler.inFlight, gateway.service().scheduler.waiting], [0, 0]);
});

test('unknown slots are learned, with at most one request that waits inside a server', async () => {
  await using servers = await startSims(1, { numParallel: 4, models: [{ name: 'm', answerTokens: 60 }] });
  await using gateway = await startGateway(servers.sims);
  const { inside, busy } = await overload(gateway, servers.sims, 40);
  assert.ok(inside <= 1, `${String(inside)} inside`);
  assert.equal(busy, 4);
});
