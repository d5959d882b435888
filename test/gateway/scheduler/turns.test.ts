import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSim } from '../../../src/sim/server.ts';
import { startGateway, type Running } from '../running.ts';
import { shareAnswers } from './share-answers.ts';

const ALIASES = ['a', 'b', 'c', 'd'];

/** A gateway with these aliases, each a model of its own on every server. */
async function gatewayOf(...urls: readonly string[]): Promise<Running> {
  return startGateway([], {
    model_list: ALIASES.flatMap((name) =>
      urls.map((api_base) => ({ model_name: name, litellm_params: { model: `ollama_chat/${name}`, api_base } })),
    ),
  });
}

test('four aliases on a server with room for one model: each gets its share, and no request is refused or loads a model by itself', async () => {
  const sim = await startSim({
    models: ALIASES.map((name) => ({ name, answerTokens: 8 })),
    maxLoadedModels: 1,
    loadMs: 200,
    tokenMs: 4,
  });
  try {
    await using gateway = await gatewayOf(sim.url);
    const answers = await shareAnswers(gateway, ALIASES, { clients: 2, ms: 12_000 });
    const all = [...answers.values()].reduce((sum, count) => sum + count, 0);
    for (const [alias, count] of answers)
      assert.ok(count > all / 6, `${alias} has ${String(count)} of ${String(all)} answers`);
    const loads = gateway.log.filter(({ event }) => event === 'loaded').length;
    assert.ok(all >= loads, `${String(loads)} loads for ${String(all)} answers`);
  } finally {
    await sim.close();
  }
});

test('five aliases on a server with room for two models: each gets answers, and no request is refused', async () => {
  const names = [...ALIASES, 'e'];
  const sim = await startSim({
    models: names.map((name) => ({ name, answerTokens: 8 })),
    maxLoadedModels: 2,
    numParallel: 2,
    loadMs: 200,
    tokenMs: 4,
  });
  try {
    await using gateway = await startGateway([], {
      model_list: names.map((name) => ({
        model_name: name,
        litellm_params: { model: `ollama_chat/${name}`, api_base: sim.url },
      })),
    });
    const answers = await shareAnswers(gateway, names, { clients: 3, ms: 8000 });
    for (const alias of names) assert.ok((answers.get(alias) ?? 0) >= 8, JSON.stringify([...answers]));
  } finally {
    await sim.close();
  }
});
