import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../src/simulation/random.ts';
import { mostMet } from './most-met.ts';
import { runTask } from './run.ts';
import { WORKLOADS } from './workload/workloads.ts';

test('no policy meets all targets of two models at 30 % load: some prompts take the fastest server longer than 2 s', () => {
  const workload = WORKLOADS.find(({ name }) => name === 'a_30');
  assert.ok(workload !== undefined);
  for (const seed of [1, 2]) {
    const scenario = workload.scenario(new Random(seed, workload.name));
    const bound = mostMet(scenario);
    assert.ok(bound < 100 && bound > 98, String(bound));
    const { met } = runTask({ workload: workload.name, seed, strategy: 'fleet', slots: 'true' }).score;
    assert.ok(met <= bound, `${String(met)} of at most ${String(bound)}`);
    const short = scenario.requests.map((request) => ({ ...request, promptTokens: 100 }));
    assert.equal(mostMet({ ...scenario, requests: short }), 100);
  }
});

test('the start of a prompt that an earlier request had is no work', () => {
  const workload = WORKLOADS.find(({ name }) => name === 'd_turns');
  assert.ok(workload !== undefined);
  const scenario = workload.scenario(new Random(1, workload.name));
  const unlike = scenario.requests.map((request) => ({ ...request, prefix: [] }));
  assert.ok(mostMet(scenario) > mostMet({ ...scenario, requests: unlike }));
});
