import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startSim, type Sim, type SimOptions } from '../../src/sim/server.ts';
import { ask, linesOf, read, type Reading } from '../ollama/asking.ts';
import { until } from '../ollama/case.ts';

// Longer than any test runs: each test leaves it in time.
const LONG = `Repeat after me: ${'on and on '.repeat(5000)}`;
const MODELS = ['a', 'b', 'c'].map((name) => ({ name, sizeMiB: 1000 }));

async function withSim(options: SimOptions, work: (sim: Sim) => Promise<void>): Promise<void> {
  const sim = await startSim({ models: MODELS, loadMs: 5, tokenMs: 1, prefillMsPerToken: 0, ...options });
  try {
    await work(sim);
  } finally {
    await sim.close();
  }
}

function talk(sim: Sim, model: string, content = LONG): Reading {
  return read(sim, '/api/chat', { model, messages: [{ role: 'user', content }] });
}

async function names(sim: Sim): Promise<readonly string[]> {
  const { models } = JSON.parse((await ask(sim, 'GET', '/api/ps')).text) as { models: readonly { name: string }[] };
  return models.map(({ name }) => name).toSorted();
}

async function load(sim: Sim, model: string, more: object = {}): Promise<number> {
  return (await ask(sim, 'POST', '/api/generate', { model, ...more })).status;
}

describe('the simulated scheduler', () => {
  test('models that fit stay together; a load that does not fit evicts the idle model with the shortest keep_alive', () =>
    withSim({ vramMiB: 3100 }, async (sim) => {
      await load(sim, 'a', { keep_alive: '10m' });
      await load(sim, 'b', { keep_alive: '1m' });
      assert.deepEqual(await names(sim), ['a:latest', 'b:latest']);
      await load(sim, 'c');
      assert.deepEqual(await names(sim), ['a:latest', 'c:latest']);
    }));

  test('a model that is larger than the VRAM loads alone, partly outside it', () =>
    withSim({ vramMiB: 500 }, async (sim) => {
      await load(sim, 'a');
      const { models } = JSON.parse((await ask(sim, 'GET', '/api/ps')).text) as {
        models: readonly { size: number; size_vram: number }[];
      };
      assert.equal(models[0]?.size_vram, 500 * 1_048_576);
      assert.ok((models[0]?.size ?? 0) > 500 * 1_048_576);
    }));

  test('an idle model leaves when its time is over', () =>
    withSim({ keepAliveMs: 40 }, async (sim) => {
      const busy = talk(sim, 'a');
      await busy.begun;
      assert.deepEqual(await names(sim), ['a:latest']);
      busy.leave();
      await until('it has left', async () => (await names(sim)).length === 0);
    }));

  test('while one model loads, a model in memory answers and another load waits', () =>
    withSim({}, async (sim) => {
      await load(sim, 'a');
      for (const model of ['b:latest', 'c:latest']) sim.faults.add({ kind: 'slow-load', model, ms: 1000 });
      const loading = read(sim, '/api/generate', { model: 'b' });
      const waiting = read(sim, '/api/generate', { model: 'c' });
      await until('the second waits', () => sim.activity().loading === 1);
      await talk(sim, 'a', 'Repeat after me: yes').ended;
      assert.ok(!loading.hasEnded());
      await loading.ended;
      assert.ok(!waiting.hasEnded());
      await waiting.ended;
    }));

  test('loads beyond the queue’s limit are refused with 503, requests for a model in memory never', () =>
    withSim({ maxQueue: 1 }, async (sim) => {
      sim.faults.add({ kind: 'slow-load', ms: 1000 });
      const loads = [read(sim, '/api/generate', { model: 'a' }), read(sim, '/api/generate', { model: 'b' })];
      await until('one waits', () => sim.activity().loading === 1);
      const refused = await ask(sim, 'POST', '/v1/chat/completions', {
        model: 'c',
        messages: [{ role: 'user', content: 'x' }],
      });
      assert.equal(refused.status, 503);
      assert.match(
        refused.text,
        /"server busy, please try again\. {2}maximum pending requests exceeded","type":"api_error"/,
      );
      await Promise.all(loads.map((one) => one.ended));
      const crowd = Array.from({ length: 20 }, () => talk(sim, 'a', 'Repeat after me: yes'));
      assert.ok((await Promise.all(crowd.map((one) => one.begun))).every((status) => status === 200));
    }));

  test('a load is aborted when its first requester leaves: the llama engine starts again for the next one', () =>
    withSim({ loadMs: 1000 }, async (sim) => {
      const first = talk(sim, 'a', 'x');
      await until('it is asked', () => sim.requests('/api/chat') === 1);
      const second = talk(sim, 'a', 'Repeat after me: yes');
      await until('the second waits', () => sim.activity().loading === 1);
      const leftMs = performance.now();
      first.leave();
      assert.match(await second.ended, /"done":true/);
      assert.ok(performance.now() - leftMs >= 990, 'the load did not begin again');
    }));

  test('with the Ollama engine all waiters fail, and a load-only waiter is told that the model is loaded', () =>
    withSim({ loadMs: 60_000, models: [{ name: 'a', engine: 'ollama' }] }, async (sim) => {
      const first = talk(sim, 'a', 'x');
      await until('it is being loaded, and listed', async () => (await names(sim)).length === 1);
      const waiters = [talk(sim, 'a', 'x'), read(sim, '/api/generate', { model: 'a' })] as const;
      await until('two wait', () => sim.activity().loading === 2);
      first.leave();
      assert.deepEqual(linesOf(await waiters[0].ended), [
        { error: 'unexpected server status: llm server loading model' },
      ]);
      assert.match(await waiters[1].ended, /"done_reason":"load"/);
      assert.deepEqual(await names(sim), []);
    }));

  test('steady requests for one model starve another that waits for its memory', () =>
    withSim({ maxLoadedModels: 1, numParallel: 2 }, async (sim) => {
      const first = talk(sim, 'a');
      await first.begun;
      const starving = read(sim, '/api/generate', { model: 'b' });
      await until('it was asked', () => sim.requests('/api/generate') === 1);
      const second = talk(sim, 'a');
      await second.begun;
      first.leave();
      await first.ended;
      await talk(sim, 'a', 'Repeat after me: yes').ended;
      assert.ok(!starving.hasEnded());
      second.leave();
      await starving.ended;
      assert.deepEqual(await names(sim), ['b:latest']);
    }));

  test('an embedding model has one slot, whatever numParallel is', () =>
    withSim({ models: ['nomic-embed-text'], numParallel: 4, prefillMsPerToken: 200 }, async (sim) => {
      const texts = read(sim, '/api/embed', {
        model: 'nomic-embed-text',
        input: ['one two three', 'four five six', 'seven'],
      });
      await until('one is read and two wait', () => sim.activity().busy === 1 && sim.activity().waiting === 2);
      await texts.ended;
    }));
});
