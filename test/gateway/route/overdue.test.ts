import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Work } from '../../../src/gateway/route/work.ts';
import { FLEET_POLICY, managedFleet, POLICY, RATES, Stage, work } from './stage.ts';

/** Requests whose first token comes when their prompt is read. */
const PLAIN = work({ startsWhenRead: true });

function warmStage(slots = 4, backends: readonly string[] = ['a', 'b'], policy = FLEET_POLICY): Stage {
  const stage = new Stage(managedFleet(slots, backends), policy, true);
  stage.nowMs = 1000;
  stage.warm();
  for (const backend of backends) stage.list(backend, 'm');
  for (const replica of stage.fleet.replicas.values()) Object.assign(replica.rates, RATES);
  return stage;
}

/** Asks for a slot on the first server alone, as if it were the best, or on both. */
function ask(stage: Stage, of: Work = PLAIN, more: object = {}): string {
  return stage.arrive({ work: of, deployments: ['m@a', 'm@b'], ...more });
}

/** Requests of several callers run on a server. */
function occupy(stage: Stage, url: string, slots: number): readonly string[] {
  return Array.from({ length: slots }, (_, count) => {
    const request = stage.arrive({ deployments: [`m@${url}`], work: work({ key: String(count) }) });
    stage.start(request);
    return request;
  });
}

function otherOf(stage: Stage, request: string): string {
  return stage.outcomeOf(request) === 'm@a' ? 'm@b' : 'm@a';
}

function recallsOf(stage: Stage): readonly string[] {
  return stage.decisions.flatMap((decision) => (decision.kind === 'recall' ? [decision.trial] : []));
}

/** Time passes until a request is taken back, at most 60 s; returns how long it took, ms. */
function untilRecalled(stage: Stage, request: string): number | undefined {
  const sinceMs = stage.nowMs;
  while (stage.nowMs - sinceMs < 60_000) {
    stage.pass(100);
    if (recallsOf(stage).includes(request)) return stage.nowMs - sinceMs;
  }
  return undefined;
}

/** A request is taken back and asks again, as the gateway does; returns its new id. */
function askAgain(stage: Stage, request: string): string {
  stage.release(request, 'recalled');
  return ask(stage, PLAIN, { isRetry: true, sinceMs: stage.leaseOf(request).sinceMs });
}

test('a request whose first token is overdue goes to another server, once', () => {
  const stage = warmStage();
  const request = ask(stage);
  const other = otherOf(stage, request);
  assert.equal(untilRecalled(stage, request), 700);
  const again = askAgain(stage, request);
  assert.equal(stage.outcomeOf(again), other);
  stage.pass(60_000);
  assert.deepEqual(recallsOf(stage), [request]);
  assert.equal(stage.leaseOf(request).replica.recalls, 1);
});

test('a long prompt has three times the time that it takes to be read, whatever is cached of it', () => {
  const stage = warmStage();
  const prefix = [{ hash: 7, tokens: 7000 }];
  const long = work({ promptTokens: 7000, prefix, startsWhenRead: true });
  const first = ask(stage, long);
  stage.start(first);
  stage.release(first);
  const second = ask(stage, long, { deployments: [stage.outcomeOf(first), otherOf(stage, first)] });
  assert.ok(stage.leaseOf(second).covered > 6000, 'most of it is cached');
  const tookMs = untilRecalled(stage, second) ?? 0;
  assert.ok(tookMs >= 6000 && tookMs < 7000, String(tookMs));
});

test('a server whose first tokens have been late for some time is waited for', () => {
  const stage = warmStage();
  for (const replica of ['m@a', 'm@b']) {
    const early = stage.arrive({ deployments: [replica], work: PLAIN });
    stage.nowMs += 2000;
    stage.start(early);
    stage.release(early, 'answered', { promptBytes: 100, firstMs: 2000 });
  }
  const tookMs = untilRecalled(stage, ask(stage)) ?? 0;
  assert.ok(tookMs >= 3800 && tookMs <= 4000, String(tookMs));
});

const KEPT: Readonly<Record<string, (stage: Stage) => string>> = {
  'its first token may come late by itself': (stage) => ask(stage, work({ startsWhenRead: false })),
  'nothing is known of its first token': (stage) => ask(stage, work()),
  'the speed of its server is not known': (stage) => {
    for (const { rates } of stage.fleet.replicas.values()) rates.prefill = undefined;
    return ask(stage);
  },
  'no other server has its model in memory': (stage) => {
    const request = ask(stage);
    stage.list(otherOf(stage, request).slice(2));
    return request;
  },
  'it may use one server': (stage) => ask(stage, PLAIN, { deployments: ['m@a'] }),
  'the other server is down': (stage) => {
    const request = ask(stage);
    const url = otherOf(stage, request).slice(2);
    const lost = stage.arrive({ deployments: [`m@${url}`], work: work() });
    stage.release(lost, 'backend-failed');
    return request;
  },
  'the other server has no free slot': (stage) => {
    occupy(stage, 'b', 4);
    return ask(stage);
  },
  'the other server has stalled, and has a request': (stage) => {
    const request = ask(stage);
    const other = stage.fleet.backends.get(otherOf(stage, request).slice(2));
    for (const replica of other?.replicas ?? [])
      replica.stall = { sinceMs: stage.nowMs, pauseMs: 2000, untilMs: stage.nowMs };
    stage.arrive({ deployments: [otherOf(stage, request)], work: work() });
    return request;
  },
  'it was sent again after a failure': (stage) => ask(stage, PLAIN, { isRetry: true }),
  'it is a batch': (stage) => ask(stage, work({ startsWhenRead: true, batch: true }), { maxWaitMs: 240_000 }),
  'it has begun': (stage) => {
    const request = ask(stage);
    stage.start(request);
    return request;
  },
};

for (const [why, make] of Object.entries(KEPT))
  test(`a request stays on its server: ${why}`, () => {
    const stage = warmStage();
    make(stage);
    stage.pass(60_000);
    assert.deepEqual(recallsOf(stage), []);
  });

test('other strategies take no request back', () => {
  const stage = warmStage(4, ['a', 'b'], POLICY);
  ask(stage);
  stage.pass(60_000);
  assert.deepEqual(recallsOf(stage), []);
});

test('a request of which another one has begun meanwhile has its time from then on', () => {
  const stage = warmStage();
  const request = stage.arrive({ deployments: ['m@a', 'm@b'], work: PLAIN });
  const url = stage.leaseOf(request).backend.url;
  const other = stage.arrive({ deployments: [`m@${url}`], work: work() });
  stage.pass(600);
  stage.start(other);
  assert.equal(untilRecalled(stage, request), 700);
});

test('as many go as can begin elsewhere', () => {
  const stage = warmStage();
  const running = occupy(stage, 'b', 4);
  const requests = [0, 1, 2].map(() => ask(stage));
  assert.deepEqual(
    requests.map((request) => stage.outcomeOf(request)),
    ['m@a', 'm@a', 'm@a'],
  );
  stage.pass(1000);
  assert.deepEqual(recallsOf(stage), []);
  for (const [index, ended] of running.slice(0, 2).entries()) {
    stage.release(ended);
    stage.pass(100);
    assert.deepEqual(recallsOf(stage), requests.slice(0, index + 1));
    askAgain(stage, requests[index] ?? '');
  }
});

test('a server that keeps requests gets one at a time, after longer and longer pauses, until it begins one', () => {
  const stage = warmStage();
  let request = ask(stage);
  const url = stage.leaseOf(request).backend.url;
  const only = { deployments: [`m@${url}`], work: work() };
  const pauses: number[] = [];
  for (let turn = 0; turn < 6; turn += 1) {
    assert.notEqual(untilRecalled(stage, request), undefined);
    const recalledMs = stage.nowMs;
    stage.release(request, 'recalled');
    const tests = [stage.arrive(only), stage.arrive(only)];
    while (stage.outcomeOf(tests[0] ?? '') === 'waits') stage.pass(100);
    pauses.push(stage.nowMs - recalledMs);
    stage.pass(1000);
    assert.equal(stage.outcomeOf(tests[1] ?? ''), 'waits', 'the second one waits for the first');
    for (const one of tests) {
      if (stage.outcomeOf(one) === 'waits') stage.apply({ kind: 'left', request: one });
      else stage.release(one, 'cancelled');
    }
    request = stage.arrive({ ...only, deployments: ['m@a', 'm@b'], work: PLAIN });
    // The other server is as good: it is asked until the one that keeps requests gets it.
    const elsewhere: string[] = [];
    while (stage.leaseOf(request).backend.url !== url) {
      elsewhere.push(request);
      stage.start(request);
      request = stage.arrive({ ...only, deployments: ['m@a', 'm@b'], work: PLAIN });
    }
    for (const one of elsewhere) stage.release(one);
  }
  assert.deepEqual(pauses, [2000, 4000, 8000, 15_000, 15_000, 15_000]);
  stage.start(request);
  const more = [0, 1, 2].map(() => stage.arrive(only));
  assert.deepEqual(
    more.map((one) => stage.outcomeOf(one)),
    [`m@${url}`, `m@${url}`, `m@${url}`],
    'it has begun one: all slots count again',
  );
});

test('lost slots are found on a server from which every request is taken back', () => {
  const stage = warmStage();
  const first = ask(stage);
  const url = stage.leaseOf(first).backend.url;
  const sinceMs = stage.nowMs;
  untilRecalled(stage, first);
  stage.release(first, 'recalled');
  const kinds = (): readonly string[] =>
    stage.decisions.flatMap(({ kind }) => (['test', 'recall-all', 'unload'].includes(kind) ? [kind] : []));
  while (stage.nowMs - sinceMs < 57_000) {
    stage.pass(2000);
    stage.list(url, 'm');
  }
  assert.deepEqual(kinds(), []);
  for (let turn = 0; turn < 3; turn += 1) {
    stage.pass(2000);
    stage.list(url, 'm');
  }
  assert.deepEqual(kinds(), ['test'], 'no request is there any more, and it has answered none');
  for (let turn = 0; turn < 16; turn += 1) {
    stage.pass(2000);
    stage.list(url, 'm');
  }
  assert.deepEqual(kinds().slice(0, 3), ['test', 'recall-all', 'unload']);
  assert.equal(stage.leaseOf(first).replica.stall, undefined);
});
