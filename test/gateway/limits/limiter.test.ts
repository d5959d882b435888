import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LimitOwner } from '../../../src/gateway/keys/limit-owner.ts';
import { goDuration, limitHeaders } from '../../../src/gateway/limits/limit-headers.ts';
import { Limiter, type CountedRequest, type LimitRefusal } from '../../../src/gateway/limits/limiter.ts';
import { Random } from '../../../src/simulation/random.ts';
import { workingMsOf } from '../../working-time.ts';

const numRuns = Number(process.env['HXLLM_LIMIT_HISTORIES'] ?? 10_000);

const ownerOf = (
  kind: 'key' | 'team',
  alias: string,
  perMinute?: number,
  parallel?: number,
  tokensPerMinute?: number,
): LimitOwner => ({ kind, alias, id: `${kind} ${alias}`, limits: { perMinute, parallel, tokensPerMinute } });

const NO_TOKENS = { tokens: undefined };

/** Less by the microsecond to which the limiter cuts a time. */
const MINUTE_MS = 60_000 - 1 / 1000;

interface Taken {
  readonly atMs: number;
  readonly key: number;
  readonly tokens: number;
}

const amountOf = (taken: readonly Taken[], afterMs: number, key: number, of: (one: Taken) => number): number =>
  taken.reduce((sum, one) => (one.atMs > afterMs && (key === 1 || one.key === 0) ? sum + of(one) : sum), 0);

/** A key of a team, and the team with the requests of another key; each limit is there in half of the histories. */
function judge(seed: number): void {
  const random = new Random(seed, 'limiter');
  const maybe = (most: number): number | undefined => (random.next() < 0.5 ? undefined : 1 + random.below(most));
  const limiter = new Limiter();
  const key = ownerOf('key', 'a', maybe(6), maybe(4), maybe(30));
  const team = ownerOf('team', 'a', maybe(6), maybe(4), maybe(30));
  const owners = [key, team];
  const taken: Taken[] = [];
  const open: { readonly key: number; readonly admission: CountedRequest }[] = [];
  // Microseconds, as the clock of the process has them: a sum of floats is not exact.
  let nowMs = random.below(1_000_000_000) / 1000;
  for (let step = random.below(25); step > 0; step -= 1) {
    nowMs +=
      random.next() < 0.3 ? 0 : random.below(random.next() < 0.5 ? 3000 : 70_000) / (random.next() < 0.5 ? 1 : 1000);
    const tokens = 1 + random.below(12);
    for (const { admission } of open.splice(0, random.below(3))) {
      admission.end(admission.reserved, nowMs);
      admission.end(0, nowMs);
    }
    const which = random.below(2);
    const asks = which === 0 ? owners : [team];
    const isFull = asks.some(({ kind, limits }) => {
      const beside = open.filter((one) => kind === 'team' || one.key === 0).length;
      return beside >= (limits.parallel ?? Infinity);
    });
    // Where a body has to be read first, the place is taken before it.
    const isTwoSteps = random.next() < 0.5;
    const ask = (): CountedRequest | LimitRefusal => {
      if (!isTwoSteps) return limiter.admit(asks, nowMs, tokens);
      const opened = limiter.open(asks, nowMs);
      const refusal = opened.ok ? opened.count(asks, tokens, nowMs) : undefined;
      if (opened.ok && refusal !== undefined) opened.end(0, nowMs);
      return refusal ?? opened;
    };
    let judged = ask();
    if (!judged.ok) {
      assert.ok(judged.retryAfterMs > 0 && judged.retryAfterMs <= 60_000);
      const { owner, by, limit } = judged;
      const index = owner.kind === 'team' ? 1 : 0;
      if (by === 'parallel') assert.ok(isFull);
      else {
        const before = amountOf(taken, nowMs - 61_001, index, (one) => (by === 'tokens' ? one.tokens : 1));
        assert.ok(before + (by === 'tokens' ? tokens : 1) > limit, 'refused with room');
      }
      // A refusal has taken nothing: the same is refused in the same way, until the wait is over.
      const again = ask();
      assert.ok(!again.ok && again.by === by && again.owner === owner && again.retryAfterMs === judged.retryAfterMs);
      if (isFull) continue;
      nowMs += judged.retryAfterMs;
      judged = ask();
    }
    assert.ok(judged.ok && !isFull);
    taken.push({ atMs: nowMs, key: which, tokens });
    open.push({ key: which, admission: judged });
    for (const [index, { limits }] of owners.entries()) {
      if (which === 1 && index === 0) continue;
      assert.ok(amountOf(taken, nowMs - MINUTE_MS, index, () => 1) <= (limits.perMinute ?? Infinity));
      const inMinute = amountOf(taken, nowMs - MINUTE_MS, index, (one) => one.tokens);
      // A request above the limit passes when nothing else counts.
      const isAlone = inMinute === tokens;
      assert.ok(isAlone || inMinute <= (limits.tokensPerMinute ?? Infinity));
    }
  }
}

test('all limits of a request are taken, or none; each wait per minute holds', async () => {
  const ms = await workingMsOf(() => {
    fc.assert(fc.property(fc.integer(), judge), { numRuns });
  });
  assert.ok(ms < numRuns, `${String(ms)} ms for ${String(numRuns)} histories`);
});

test('a refusal names the limit with the longest wait, and the headers the one with least left', () => {
  const limiter = new Limiter();
  const [key, team] = [ownerOf('key', 'a', 2), ownerOf('team', 't', 10, 3)];
  const first = limiter.admit([key, team], 1000);
  assert.ok(first.ok);
  assert.deepEqual(first.nearest, { ...NO_TOKENS, requests: { limit: 2, remaining: 1, resetMs: 60_000 } });
  assert.ok(limiter.admit([key, team], 21_000).ok);
  assert.ok(limiter.admit([team], 21_000).ok);
  const refused = limiter.admit([key, team], 31_000);
  assert.partialDeepStrictEqual(refused, { ok: false, owner: key, by: 'requests', limit: 2, retryAfterMs: 30_000 });
  assert.deepEqual(refused.nearest, { ...NO_TOKENS, requests: { limit: 2, remaining: 0, resetMs: 50_000 } });
  assert.partialDeepStrictEqual(limiter.admit([team], 31_000), { ok: false, owner: team, by: 'parallel', limit: 3 });
  first.end(0, 31_000);
  assert.ok(limiter.admit([team], 31_000).ok);
  // A key and a team with one alias are two owners.
  assert.ok(limiter.admit([ownerOf('team', 'a', 2)], 31_000).ok);
});

test('idle owners are forgotten, and no other', () => {
  const limiter = new Limiter();
  const [busy, used, idle] = [ownerOf('key', 'busy', 1, 1), ownerOf('key', 'used', 1), ownerOf('key', 'idle', 1)];
  const admissions = [busy, used, idle].map((owner) => limiter.admit([owner], 0));
  for (const admission of admissions.slice(1)) if (admission.ok) admission.end(0, 0);
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
  const headers: Record<string, string> = {};
  const nearest = {
    requests: { limit: 60, remaining: 3, resetMs: 1500 },
    tokens: { limit: 900, remaining: 0, resetMs: 60_000 },
  };
  limitHeaders(headers, nearest, Date.UTC(2026, 10, 30, 4, 0, 0));
  assert.deepEqual(headers, {
    'x-ratelimit-limit-requests': '60',
    'x-ratelimit-remaining-requests': '3',
    'x-ratelimit-reset-requests': '1.5s',
    'anthropic-ratelimit-requests-limit': '60',
    'anthropic-ratelimit-requests-remaining': '3',
    'anthropic-ratelimit-requests-reset': '2026-11-30T04:00:02Z',
    'x-ratelimit-limit-tokens': '900',
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset-tokens': '1m0s',
    'anthropic-ratelimit-tokens-limit': '900',
    'anthropic-ratelimit-tokens-remaining': '0',
    'anthropic-ratelimit-tokens-reset': '2026-11-30T04:01:00Z',
  });
});

test('another process counts on, with a clock of its own, what was used; once for each process', () => {
  const [key, user] = [
    ownerOf('key', 'a', 3, undefined, 100),
    { ...ownerOf('key', 'ann', 1), kind: 'end user' as const },
  ];
  const elder = new Limiter();
  assert.ok(elder.admit([key, user], 500_000, 60).ok && elder.admit([key], 530_000, 30).ok);
  // The clock of the other one began at 529 s, so it reads 6 s now.
  const told = elder.used(535_000).map(({ requests, tokens, ...owner }) => {
    const moved = (seconds: typeof requests): typeof requests =>
      seconds.map(({ amount, untilMs }) => ({ amount, untilMs: untilMs - 529_000 }));
    return { ...owner, requests: moved(requests), tokens: moved(tokens) };
  });
  const younger = new Limiter();
  assert.ok(younger.admit([key], 5000, 1).ok);
  for (const peer of ['1', '1']) younger.adopt(peer, told, 6000);
  const refused = younger.admit([key], 6000, 5);
  assert.partialDeepStrictEqual(refused, { ok: false, by: 'requests', retryAfterMs: 25_000 });
  assert.ok(!younger.admit([user], 6000).ok);
  assert.partialDeepStrictEqual(younger.admit([key], 31_000, 60), { ok: true });
  assert.partialDeepStrictEqual(younger.admit([key], 32_000, 60), { ok: false, by: 'tokens', retryAfterMs: 59_000 });
});

test('requests under way in elder instances count until those say that they have ended, or are gone', () => {
  const [key, user] = [
    ownerOf('key', 'a', undefined, 2),
    { ...ownerOf('key', 'ann', undefined, 1), kind: 'end user' as const },
  ];
  const elder = new Limiter();
  const [first, second] = [elder.admit([key, user], 0), elder.admit([key], 0)];
  assert.ok(first.ok && second.ok);
  const younger = new Limiter();
  younger.adoptOpen('1', elder.openRequests());
  assert.partialDeepStrictEqual(younger.admit([key], 0), { ok: false, by: 'parallel', limit: 2 });
  younger.forgetIdle(300_000);
  first.end(0, 1);
  younger.adoptOpen('1', elder.openRequests());
  const [third, more, ann] = [younger.admit([user], 2), younger.admit([key], 2), younger.admit([key], 2)];
  assert.ok(third.ok && more.ok && !ann.ok);
  // Another one, which ends without a word: its requests are gone with it.
  younger.adoptOpen('2', [{ kind: 'key', id: key.id, open: 5 }]);
  more.end(0, 3);
  assert.ok(!younger.admit([key], 3).ok);
  younger.adoptOpen('2', []);
  assert.ok(younger.admit([key], 4).ok);
  assert.deepEqual(younger.usedBy(key, 5).parallel, 2);
  // Only its own, so that a third instance does not count them twice.
  assert.deepEqual(younger.openRequests().find(({ kind }) => kind === 'key')?.open, 1);
});

test('a limit of 0 lets nothing in, and says to come again in a minute: it is for good', () => {
  for (const [owner, by] of [
    [ownerOf('key', 'a', 0), 'requests'],
    [ownerOf('key', 'b', undefined, 0), 'parallel'],
    [ownerOf('key', 'c', undefined, undefined, 0), 'tokens'],
  ] as const)
    assert.partialDeepStrictEqual(new Limiter().admit([owner], 1000, 1), { ok: false, by, retryAfterMs: 60_000 });
});
