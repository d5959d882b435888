import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Processor } from '../../src/sim/runner/processor.ts';
import { Runner } from '../../src/sim/runner/runner.ts';
import { createModel } from '../../src/sim/models/model.ts';
import { readOptions } from '../../src/sim/runner/options.ts';
import { startSim, type Sim } from '../../src/sim/server.ts';
import { decodeTogether, modelOf, ratesOf, shareOf } from '../../src/simulation/server/model.ts';
import { ask, askJson } from '../ollama/asking.ts';

const NEVER = new AbortController().signal;
// Slow steps, so that a late timer of a busy machine is a small part of them.
const [TOKEN_MS, PREFILL_MS] = [40, 1];
const MODEL = { ...modelOf('m', 8, 'b'), decode: 1000 / TOKEN_MS, prefill: 1000 / PREFILL_MS };

function runner(name: string): Runner {
  const model = createModel({ name }, new Date());
  return new Runner(model, readOptions({}, model, 4096), 4, 1000);
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

function assertNear(seenMs: number, wantedMs: number, what: string): void {
  assert.ok(
    seenMs > 0.95 * wantedMs && seenMs < 1.3 * wantedMs + 30,
    `${what}: ${seenMs.toFixed(0)} ms, expected ${wantedMs.toFixed(0)}`,
  );
}

describe('a simulated GPU', () => {
  const stated = { tokenMs: TOKEN_MS, prefillMsPerToken: PREFILL_MS, gpu: true };
  const tokens = async (processor: Processor, one: Runner, count: number): Promise<void> => {
    let atMs = performance.now();
    for (let said = 0; said < count; said += 1) atMs = await processor.token(one, atMs, NEVER);
  };

  test('gives an answer beside three others the speed that the simulation in virtual time gives it', async () => {
    const one = runner('m');
    one.answers = 4;
    const processor = new Processor(stated, () => [one]);
    const perAnswer = decodeTogether(MODEL, 4) / 4;
    assertNear(await timeOf(() => tokens(processor, one, 8)), (8 / perAnswer) * 1000, '8 tokens');
  });

  test('works on while this process is late', async () => {
    const one = runner('m');
    one.answers = 1;
    const processor = new Processor(stated, () => [one]);
    const half = tokens(processor, one, 4);
    const ms = await timeOf(async () => {
      await processor.token(one, performance.now(), NEVER);
      for (const endMs = performance.now() + 100; performance.now() < endMs;);
      await half;
    });
    assert.ok(ms < 4 * TOKEN_MS + 60, `${ms.toFixed(0)} ms for 4 tokens of ${String(TOKEN_MS)} ms`);
  });

  test('gives each of two busy models less than half of it', async () => {
    const [one, other] = [runner('m'), runner('n')];
    [one.answers, other.answers] = [1, 1];
    const processor = new Processor(stated, () => [one, other]);
    const wantedMs = 8 / ratesOf(MODEL, false, 1).decode / shareOf(2);
    assertNear(await timeOf(() => tokens(processor, one, 8)), wantedMs, '8 tokens');
  });

  test('reads the prompts of a model one by one, slower beside its answers', async () => {
    const one = runner('m');
    one.answers = 2;
    const processor = new Processor(stated, () => [one]);
    const readMs = 300 / ratesOf(MODEL, true, 2).prefill;
    const first = timeOf(() => processor.read(one, 300, NEVER));
    const second = timeOf(() => processor.read(one, 300, NEVER));
    assertNear(await first, readMs, 'the first prompt');
    assertNear(await second, 2 * readMs, 'the second prompt');
    assert.equal(one.prompts, 0);
  });

  test('gives the place of a prompt that was broken off to the next one', async () => {
    const one = runner('m');
    const processor = new Processor(stated, () => [one]);
    const leaving = new AbortController();
    const broken = processor.read(one, 10_000, leaving.signal);
    const next = processor.read(one, 50, NEVER);
    leaving.abort();
    await assert.rejects(broken);
    await next;
    assert.equal(one.prompts, 0);
  });
});

describe('a measured simulation', () => {
  const start = async (): Promise<Sim> =>
    startSim({ models: ['m', 'n'], maxLoadedModels: 1, loadMs: 5, tokenMs: 5, prefillMsPerToken: 0, pieceTokens: 4 });
  const chat = (content: string, more: object = {}): object => ({
    model: 'm',
    messages: [{ role: 'user', content }],
    ...more,
  });

  test('answers in as many tokens as the question wants, in pieces', async () => {
    const sim = await start();
    try {
      const { text } = await ask(sim, 'POST', '/api/chat', chat('Tell me a story. Answer in 10 tokens.'));
      const lines = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { eval_count?: number });
      // The first token alone, two pieces of four, the last one alone; then the end, which counts as a token too.
      assert.deepEqual([lines.length, lines.at(-1)?.eval_count], [5, 11]);
      const whole = await askJson(sim, '/api/chat', chat('Answer in 3 tokens.', { stream: false }));
      assert.equal(whole['eval_count'], 4);
    } finally {
      await sim.close();
    }
  });

  test('works at another speed when it is told to, and refuses others than numbers above 0', async () => {
    const sim = await start();
    try {
      await askJson(sim, '/api/chat', { model: 'm' });
      assert.equal((await ask(sim, 'POST', '/sim/speed', { speed: 0.1 })).status, 200);
      const ms = await timeOf(() => ask(sim, 'POST', '/api/chat', chat('Answer in 6 tokens.')));
      assert.ok(ms > 290, `${ms.toFixed(0)} ms`);
      for (const speed of [0, -1, 'fast', null, undefined])
        assert.equal((await ask(sim, 'POST', '/sim/speed', { speed })).status, 400, String(speed));
    } finally {
      await sim.close();
    }
  });

  test('keeps a journal of loads and uses, with the reason of each load', async () => {
    const sim = await start();
    try {
      await askJson(sim, '/api/generate', { model: 'm' });
      await ask(sim, 'POST', '/api/chat', { ...chat('Answer in 1 token.'), model: 'n' });
      const { text } = await ask(sim, 'GET', '/sim/journal');
      const { journal } = JSON.parse(text) as {
        journal: { event: string; model: string; path?: string; only?: boolean }[];
      };
      assert.deepEqual(
        journal.map(({ event, model, path = '', only }) => `${event} ${model} ${path} ${String(only ?? '')}`.trim()),
        [
          'load m:latest /api/generate true',
          'loaded m:latest',
          'use m:latest  true',
          'release m:latest',
          'unloaded m:latest',
          'load n:latest /api/chat false',
          'loaded n:latest',
          'use n:latest  false',
          'release n:latest',
        ],
      );
    } finally {
      await sim.close();
    }
  });
});
