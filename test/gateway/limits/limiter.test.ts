import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LimitOwner } from '../../../src/gateway/keys/key-ring.ts';
import { goDuration, limitHeaders } from '../../../src/gateway/limits/limit-headers.ts';
import { Limiter, type CountedRequest } from '../../../src/gateway/limits/limiter.ts';

const numRuns = Number(process.env['HXLLM_LIMIT_HISTORIES'] ?? 500);

const ownerOf = (kind: 'key' | 'team', alias: string, perMinute?: number, parallel?: number): LimitOwner => ({
  kind,
  alias,
  limits: { perMinute, parallel },
});

const LIMIT = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });

test('all limits of a request are taken, or none; each wait per minute holds', () => {
  const step = fc.record({
    pauseMs: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 70_000 }),
      fc.integer({ min: 0, max: 90_000 }).map((parts) => parts / 1024),
    ),
    key: fc.integer({ min: 0, max: 1 }),
    /** Requests that end before this one, the oldest first. */
    ends: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(
      LIMIT,
      LIMIT,
      LIMIT,
      LIMIT,
      fc.array(step, { maxLength: 80 }),
      (keyRpm, teamRpm, keyOpen, teamOpen, steps) => {
        const limiter = new Limiter();
        const team = ownerOf('team', 'a', teamRpm, teamOpen);
        const keys = [ownerOf('key', 'a', keyRpm, keyOpen), ownerOf('key', 'b', keyRpm)];
        const taken: { readonly atMs: number; readonly key: number }[] = [];
        const open: { readonly key: number; readonly admission: CountedRequest }[] = [];
        let nowMs = 0;
        for (const { pauseMs, key, ends } of steps) {
          nowMs += pauseMs;
          for (const { admission } of open.splice(0, ends)) {
            admission.end();
            admission.end();
          }
          const owners = [keys[key] ?? team, team];
          const openOf = (index?: number): number =>
            open.filter((one) => index === undefined || one.key === index).length;
          const fits = openOf() < (teamOpen ?? Infinity) && (key === 1 || openOf(0) < (keyOpen ?? Infinity));
          let judged = limiter.admit(owners, nowMs);
          if (!judged.ok) {
            assert.ok(judged.retryAfterMs > 0 && judged.retryAfterMs <= 60_000);
            if (judged.by === 'parallel') assert.ok(!fits);
            // A refusal has taken nothing: the same is refused in the same way, until the wait is over.
            assert.deepEqual(limiter.admit(owners, nowMs), judged);
            if (!fits) continue;
            nowMs += judged.retryAfterMs;
            judged = limiter.admit(owners, nowMs);
          }
          assert.ok(judged.ok && fits);
          taken.push({ atMs: nowMs, key });
          open.push({ key, admission: judged });
          const recent = taken.filter(({ atMs }) => atMs > nowMs - 60_000);
          assert.ok(recent.length <= (teamRpm ?? Infinity));
          for (const index of [0, 1])
            assert.ok(recent.filter((one) => one.key === index).length <= (keyRpm ?? Infinity));
          assert.ok(openOf() <= (teamOpen ?? Infinity) && openOf(0) <= (keyOpen ?? Infinity));
        }
      },
    ),
    { numRuns },
  );
});

test('a refusal names the limit with the longest wait, and the headers the one with least left', () => {
  const limiter = new Limiter();
  const [key, team] = [ownerOf('key', 'a', 2), ownerOf('team', 't', 10, 3)];
  const first = limiter.admit([key, team], 1000);
  assert.ok(first.ok);
  assert.deepEqual(first.nearest, { limit: 2, remaining: 1, resetMs: 60_000 });
  assert.ok(limiter.admit([key, team], 21_000).ok);
  assert.ok(limiter.admit([team], 21_000).ok);
  const refused = limiter.admit([key, team], 31_000);
  assert.partialDeepStrictEqual(refused, { ok: false, owner: key, by: 'minute', limit: 2, retryAfterMs: 30_000 });
  assert.deepEqual(refused.nearest, { limit: 2, remaining: 0, resetMs: 50_000 });
  assert.partialDeepStrictEqual(limiter.admit([team], 31_000), { ok: false, owner: team, by: 'parallel', limit: 3 });
  first.end();
  assert.ok(limiter.admit([team], 31_000).ok);
  // A key and a team with one alias are two owners.
  assert.ok(limiter.admit([ownerOf('team', 'a', 2)], 31_000).ok);
});

test('idle owners are forgotten, and no other', () => {
  const limiter = new Limiter();
  const [busy, used, idle] = [ownerOf('key', 'busy', 1, 1), ownerOf('key', 'used', 1), ownerOf('key', 'idle', 1)];
  const admissions = [busy, used, idle].map((owner) => limiter.admit([owner], 0));
  for (const admission of admissions.slice(1)) if (admission.ok) admission.end();
  limiter.forgetIdle(30_000);
  assert.ok(!limiter.admit([used], 30_000).ok);
  limiter.forgetIdle(60_000);
  assert.ok(!limiter.admit([busy], 60_000).ok, 'its request is still open');
  assert.ok(limiter.admit([idle], 60_000).ok);
});

test('headers have Go’s durations and RFC 3339', () => {
  for (const [ms, text] of [
    [0, '0s'],
    [0.2, '1ms'],
    [12, '12ms'],
    [1000, '1s'],
    [1500, '1.5s'],
    [59_999.5, '1m0s'],
    [61_250, '1m1.25s'],
  ] as const)
    assert.equal(goDuration(ms), text);
  assert.deepEqual(limitHeaders({ limit: 60, remaining: 3, resetMs: 1500 }, Date.UTC(2026, 10, 30, 4, 0, 0)), {
    'x-ratelimit-limit-requests': '60',
    'x-ratelimit-remaining-requests': '3',
    'x-ratelimit-reset-requests': '1.5s',
    'anthropic-ratelimit-requests-limit': '60',
    'anthropic-ratelimit-requests-remaining': '3',
    'anthropic-ratelimit-requests-reset': '2026-11-30T04:00:02Z',
  });
});
