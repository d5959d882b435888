import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JournalEntry } from '../../../src/sim/runner/journal.ts';
import { startSim } from '../../../src/sim/server.ts';
import { createModel } from '../../../src/sim/models/model.ts';
import { promptTokens } from '../../../src/sim/text/tokens.ts';
import { readMessages, render } from '../../../src/sim/native/messages.ts';
import { Random } from '../../../src/simulation/random.ts';
import { simulate } from '../../../src/simulation/simulation.ts';
import { productPolicy } from '../../fleet/policies.ts';
import { REAL_TIME } from '../../fleet/workload/real-time.ts';
import { judgeLoads } from './loads.ts';
import { readOptions } from './options.ts';
import { differenceOf, outcomeOf } from './outcome.ts';
import { messagesOf } from './prompt.ts';
import { disagreements, workloadTable } from './report.ts';
import { assertAnswers } from './answers.ts';
import { Servers, weightsOf } from './servers.ts';

describe('the workloads of the bench', () => {
  test('are a function of the seed, last at most three minutes, and ask at most ten times a second', () => {
    for (const { name, scenario } of REAL_TIME) {
      const { requests } = scenario(new Random(1, name));
      assert.deepEqual(requests, scenario(new Random(1, name)).requests, name);
      const lastMs = requests.at(-1)?.sentMs ?? 0;
      assert.ok(lastMs <= 180_000, name);
      assert.ok(requests.length / (lastMs / 1000) <= 10, name);
    }
  });

  test('have prompts that the simulated server counts as the simulation does', () => {
    for (const name of ['equal', 'turns']) {
      const workload = REAL_TIME.find((one) => one.name === name);
      assert.ok(workload !== undefined);
      let [wanted, seen] = [0, 0];
      for (const request of workload.scenario(new Random(1, name)).requests) {
        const messages = messagesOf(request, []);
        assert.equal(messages.at(-1)?.role, 'user');
        assert.match(
          messages.at(-1)?.content ?? '',
          new RegExp(`Answer in ${String(request.outputTokens)} tokens\\.$`),
        );
        wanted += request.promptTokens;
        seen += promptTokens(render(readMessages(messages), [])).length;
      }
      assert.ok(Math.abs(seen / wanted - 1) < 0.03, `${name}: ${String(seen)} tokens, expected ${String(wanted)}`);
    }
  });
});

test('a server that is to start while its end is still under way starts after it, and none starts after the last', async () => {
  const scenario = REAL_TIME.find(({ name }) => name === 'equal')?.scenario(new Random(1, 'equal'));
  assert.ok(scenario !== undefined);
  const servers = await Servers.start(scenario, undefined);
  const isUp = async (): Promise<boolean> =>
    fetch(`${servers.urls[0] ?? ''}/api/version`).then(
      ({ ok }) => ok,
      () => false,
    );
  try {
    await Promise.all((['die', 'start'] as const).map(async (change) => servers.apply({ atMs: 0, server: 0, change })));
    assert.ok(await isUp());
  } finally {
    await servers.stop();
  }
  await servers.apply({ atMs: 0, server: 0, change: 'start' });
  assert.ok(!(await isUp()));
});

test('the weights of the servers have the order of the files, in which idle models are evicted', () => {
  const models = REAL_TIME.find(({ name }) => name === 'models')?.scenario(new Random(1, 'models')).models ?? [];
  const weights = weightsOf(models);
  const digests = models
    .toSorted((a, b) => (a.blob < b.blob ? -1 : 1))
    .map(({ name }) => createModel({ name, weights: weights.get(name) ?? '' }, new Date()).weights);
  assert.equal(new Set(digests).size, 8);
  assert.deepEqual(digests, digests.toSorted());
});

describe('the judgement of loads', () => {
  const entry = (atMs: number, event: JournalEntry['event'], more: Partial<JournalEntry> = {}): JournalEntry => ({
    atMs,
    model: 'm:latest',
    event,
    ...more,
  });
  const load = (atMs: number, path = '/api/chat', only = true): JournalEntry[] => [
    entry(atMs, 'load', { path, only }),
    entry(atMs + 10, 'loaded'),
  ];
  const open = [{ model: 'm', fromMs: 0, toMs: 1000 }];

  test('a load is needless while another server has a free slot for the request that waits', () => {
    const [, second] = judgeLoads([load(100), load(200)], open, 1);
    assert.equal(second?.isNeedless, true);
  });

  test('a load is needed if all slots are busy, if nothing waits, or if the other server is loading', () => {
    const busy = [...load(100), entry(150, 'use', { only: false })];
    const two = [...open, { model: 'm', fromMs: 120, toMs: 1000 }];
    assert.equal(judgeLoads([busy, load(200)], two, 1)[1]?.isNeedless, false);
    assert.equal(judgeLoads([busy, load(200)], two, 2)[1]?.isNeedless, true);
    assert.equal(judgeLoads([load(100), load(200)], [], 1)[1]?.isNeedless, false);
    assert.equal(judgeLoads([load(195), load(200)], open, 1)[1]?.isNeedless, false);
  });

  test('a load is needed if a request is on its way to the free slot', () => {
    const two = [...open, { model: 'm', fromMs: 120, toMs: 1000 }];
    const soon = [...load(100), entry(215, 'use', { only: false })];
    assert.equal(judgeLoads([soon, load(200)], two, 1)[1]?.isNeedless, false);
    const late = [...load(100), entry(400, 'use', { only: false })];
    assert.equal(judgeLoads([late, load(200)], two, 1)[1]?.isNeedless, true);
  });

  test('a copy that leaves without an answer is unused, one that stays is not', () => {
    assert.equal(judgeLoads([[...load(100), entry(200, 'unloaded')]], [], 1)[0]?.isUnused, true);
    assert.equal(judgeLoads([load(100)], [], 1)[0]?.isUnused, false);
    const used = [...load(100), entry(120, 'use', { only: false }), entry(130, 'release'), entry(200, 'unloaded')];
    assert.equal(judgeLoads([used], [], 1)[0]?.isUnused, false);
  });

  test('the cause is the gateway, a chat, or a client past the gateway', () => {
    const causes = [load(1), load(2, '/api/chat', false), load(3, '/api/generate', false)].map(
      (journal) => judgeLoads([journal], [], 1)[0]?.cause,
    );
    assert.deepEqual(causes, ['gateway', 'chat', 'direct']);
  });
});

test('a gateway by its URL is asked before the run, and its failures are told with their reason', async () => {
  const sim = await startSim({ models: ['m0'] });
  try {
    await assertAnswers('proxy', `${sim.url}/`, [sim.url]);
    await assert.rejects(
      assertAnswers('proxy', `${sim.url}/elsewhere/`.replace('127.0.0.1', '127.0.0.2'), [sim.url]),
      /^Error: Expected proxy to answer GET http:.*\/v1\/models with 200, found: Error: connect ECONNREFUSED[^]*It takes the key sk-bench/,
    );
  } finally {
    await sim.close();
  }
  const workload = REAL_TIME.find(({ name }) => name === 'equal');
  const [request] = workload?.scenario(new Random(1, 'equal')).requests ?? [];
  assert.ok(request !== undefined);
  const failed = { request, sentMs: 0, targetMs: 2000, ttftMs: undefined, outcome: 'refused', ends: 1 } as const;
  const records = [failed, { ...failed, why: '403 ' }, { ...failed, why: '403 ' }];
  const outcome = outcomeOf('proxy', { records, loads: [] });
  assert.deepEqual(outcome.failures, [
    ['403 ', 2],
    ['refused', 1],
  ]);
  const simulated = new Map<string, typeof outcome>();
  const result = { name: 'equal', about: '', outcomes: [outcome], simulated, delayP99Ms: 0, delayMaxMs: 0, idle: 0 };
  assert.match(workloadTable(result), /\n- proxy: 3 without a whole answer, 2 of them: 403 $/);
});

test('a difference is paired: its error is that of the differences', () => {
  const workload = REAL_TIME.find(({ name }) => name === 'models');
  assert.ok(workload !== undefined);
  const run = (strategy: 'fleet' | 'least-busy') =>
    outcomeOf(
      strategy,
      simulate(workload.scenario(new Random(1, 'models')), productPolicy(strategy, new Random(1, 'policy'))),
    );
  const [fleet, other] = [run('fleet'), run('least-busy')];
  const same = differenceOf(fleet, fleet);
  assert.deepEqual([same.mean, same.error], [0, 0]);
  const { mean, error } = differenceOf(fleet, other);
  assert.ok(Math.abs(mean - (fleet.score.met - other.score.met)) < 1e-9);
  assert.ok(mean > 10 && error > 0 && error < 5, `${String(mean)} ± ${String(error)}`);
  const result = { name: 'models', about: '', delayP99Ms: 0, delayMaxMs: 0, idle: 0 };
  const found = disagreements([
    { ...result, outcomes: [{ ...other, gateway: 'fleet' }], simulated: new Map([['fleet', fleet]]) },
  ]);
  assert.match(found.join('\n'), /^models, fleet: -\d+\.\d ± \d\.\d points$/);
});

test('a wrong flag or value is refused with the reason', () => {
  assert.throws(() => readOptions(['--strategies', 'nope']), /Expected one of fleet, .*, found nope/);
  assert.throws(() => readOptions(['--only', 'zzz']), /No workload matches zzz; there are equal, /);
  assert.throws(() => readOptions(['--gateway', 'x']), /Expected --gateway NAME=URL, found x/);
  assert.throws(() => readOptions(['--seed', '0']), /whole number from 1 for --seed/);
  assert.throws(() => readOptions(['--peers', 'envoy']), /Expected nginx or litellm for --peers, found envoy/);
  assert.throws(() => readOptions(['--peers', 'litellm']), /--peers litellm needs --litellm PATH/);
});
