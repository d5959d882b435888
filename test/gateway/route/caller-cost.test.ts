import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttemptResult, Observation } from '../../../src/gateway/route/event.ts';
import { FLEET_POLICY, managedFleet, RATES, Stage, work } from './stage.ts';

/** The charge of a caller for one request after the other, s of a server. */
class Charged {
  readonly #stage = new Stage(managedFleet(1, ['a']), FLEET_POLICY);

  constructor() {
    this.#stage.warm();
    for (const { rates } of this.#stage.fleet.replicas.values()) Object.assign(rates, RATES);
  }

  /** `hash` names the prompt, of 3,500 tokens. */
  by(hash: number, result: AttemptResult, outTokens: number): number {
    const stage = this.#stage;
    const request = stage.arrive({ work: work({ promptTokens: 3500, prefix: [{ hash, tokens: 3500 }] }) });
    const { flow } = stage.leaseOf(request);
    // The estimate was charged when it was sent.
    const before = flow.virtualS - stage.leaseOf(request).chargedS;
    stage.start(request);
    stage.nowMs += 1000;
    const answered: Partial<Observation> =
      result === 'answered' ? { promptTokens: 3500, decodeMs: outTokens * 10 } : {};
    stage.release(request, result, { promptBytes: 0, outTokens, ...answered });
    return flow.virtualS - before;
  }
}

test('a caller pays for the prompt that no cache had, and for its response, in seconds of a server', () => {
  const charged = new Charged();
  const first = charged.by(1, 'answered', 20);
  assert.ok(first > 1 && first < 1.5, `${String(first)} s for 3,500 tokens`);
  const cached = charged.by(1, 'answered', 20);
  assert.ok(cached < 0.3, `${String(cached)} s for the same prompt again`);
  const long = charged.by(1, 'answered', 400);
  assert.ok(long > cached + 1, `${String(long)} s for a response of 400 tokens`);
});

test('a client that leaves pays for the part that it had, and nobody pays for a failed attempt', () => {
  const charged = new Charged();
  charged.by(1, 'answered', 20);
  assert.ok(charged.by(1, 'cancelled', 400) > 1);
  for (const result of ['refused', 'deployment-failed'] as const)
    assert.ok(Math.abs(charged.by(2, result, 0)) < 1e-9, result);
});
