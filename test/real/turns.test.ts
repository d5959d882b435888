import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateway } from '../gateway/running.ts';
import { shareAnswers } from '../gateway/scheduler/share-answers.ts';
import { FIELD_MODEL, startRealOllama, startTwoRealOllamas, whyNoRealOllama } from './ollama-server.ts';

const skip = whyNoRealOllama();

const ALIASES = ['tiny', 'b', 'c', 'd'];
const SERVER = { maxLoadedModels: 1, others: ALIASES.slice(1) };

function entriesOf(...urls: readonly string[]): object {
  return {
    model_list: ALIASES.flatMap((name) =>
      urls.map((api_base) => ({ model_name: name, litellm_params: { model: `ollama_chat/${name}`, api_base } })),
    ),
  };
}

test(
  'two real servers with room for one model each: every alias gets its share',
  { skip, timeout: 120_000 },
  async () => {
    const servers = await startTwoRealOllamas(SERVER);
    try {
      await using gateway = await startGateway([], entriesOf(...servers.map(({ url }) => url)));
      const answers = await shareAnswers(gateway, ALIASES, { clients: 1, ms: 30_000 });
      const all = [...answers.values()].reduce((sum, count) => sum + count, 0);
      for (const alias of ALIASES) assert.ok((answers.get(alias) ?? 0) > all / 6, JSON.stringify([...answers]));
    } finally {
      for (const server of servers) await server.close();
    }
  },
);

test('a real server with room for one model: every alias gets its share', { skip, timeout: 120_000 }, async () => {
  const server = await startRealOllama(SERVER);
  try {
    await using gateway = await startGateway([], entriesOf(server.url));
    const answers = await shareAnswers(gateway, ALIASES, { clients: 2, ms: 30_000 });
    const all = [...answers.values()].reduce((sum, count) => sum + count, 0);
    for (const alias of ALIASES) assert.ok((answers.get(alias) ?? 0) > all / 6, JSON.stringify([...answers]));
  } finally {
    await server.close();
  }
});

// Names of the same weights share a runner, and each context length takes a runner of its own.
for (const [title, models] of [
  ['one model with four context lengths', ['tiny', 'tiny', 'tiny', 'tiny']],
  ['three names of the same weights with four context lengths', ['tiny', FIELD_MODEL, 'tiny', 'tiny-plain']],
] as const)
  test(`${title} on two real servers: every alias gets its share`, { skip, timeout: 120_000 }, async () => {
    const servers = await startTwoRealOllamas({ maxLoadedModels: 1 });
    try {
      await using gateway = await startGateway([], {
        model_list: models.flatMap((model, index) =>
          servers.map(({ url }) => ({
            model_name: ALIASES[index],
            litellm_params: { model: `ollama_chat/${model}`, api_base: url, num_ctx: 256 * (index + 1) },
          })),
        ),
      });
      const answers = await shareAnswers(gateway, ALIASES, { clients: 1, ms: 20_000 });
      const all = [...answers.values()].reduce((sum, count) => sum + count, 0);
      for (const alias of ALIASES) assert.ok((answers.get(alias) ?? 0) > all / 6, JSON.stringify([...answers]));
    } finally {
      for (const server of servers) await server.close();
    }
  });
