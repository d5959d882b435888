import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LimitOwner } from '../../../src/gateway/keys/limit-owner.ts';
import { Limiter, type CountedRequest } from '../../../src/gateway/limits/limiter.ts';
import { ToldMinutes } from '../../../src/gateway/limits/told-minutes.ts';
import { Random } from '../../../src/simulation/random.ts';

const OWNERS = (['key', 'team', 'end user'] as const).map((kind): LimitOwner => ({
  kind,
  id: `one-${kind}`,
  alias: kind,
  limits: { perMinute: 1000, tokensPerMinute: 100_000, parallel: undefined },
}));

/** An elder instance tells its minutes, goes on, and tells the differences at random times. */
function judge(seed: number): void {
  const random = new Random(seed, 'told minutes');
  const [elder, newer] = [new Limiter(), new Limiter()];
  const open: CountedRequest[] = [];
  let nowMs = random.below(100_000);
  const act = (): void => {
    nowMs += [0, 3, 400, 1000, 21_000][random.below(5)] ?? 0;
    if (random.below(3) === 0) open.splice(random.below(open.length + 1), 1)[0]?.end(random.below(300), nowMs);
    else {
      const owners = OWNERS.filter(() => random.below(2) === 0);
      const request = elder.admit(owners, nowMs, random.below(200));
      if (request.ok) open.push(request);
    }
  };
  for (let step = 0; step < 20; step += 1) act();
  const first = elder.used(nowMs);
  const told = new ToldMinutes(first);
  newer.adopt('elder', first, nowMs);
  for (let step = 0; step < 60; step += 1) {
    act();
    if (random.below(3) > 0) continue;
    newer.adoptMore(told.tell(elder.usedSince(nowMs), nowMs), nowMs);
    for (const owner of OWNERS) {
      const [one, other] = [elder.usedBy(owner, nowMs), newer.usedBy(owner, nowMs)];
      assert.deepEqual([other.requests, other.tokens], [one.requests, one.tokens], `${owner.kind} at ${String(nowMs)}`);
    }
  }
}

test('an instance that is told differences counts the same as the one that tells them', () => {
  fc.assert(fc.property(fc.nat(), judge), { numRuns: 500 });
});
