import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateway } from '../gateway/running.ts';
import { shareAnswers } from '../gateway/scheduler/share-answers.ts';
import { startRealOllama, startTwoRealOllamas, whyNoRealOllama } from './ollama-server.ts';

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
