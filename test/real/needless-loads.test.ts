import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateway, type Running } from '../gateway/running.ts';
import { startTwoRealOllamas, whyNoRealOllama } from './ollama-server.ts';
import { IN_JOB } from '../job.ts';

const skip = whyNoRealOllama();

const ALIASES = ['tiny', 'b', 'c', 'd'];
const CLIENTS = 2;
const WARM_UP = 60;
const REQUESTS = IN_JOB ? 250 : 500;

/** The requests of a client, in turn: short and long prompts and answers, whole and streamed, of three APIs. */
const REQUEST_KINDS: readonly ((model: string, content: string) => readonly [path: string, body: object])[] = [
  (model, content) => [
    '/v1/chat/completions',
    { model, messages: [{ role: 'user', content }], max_tokens: 4, stream: true },
  ],
  (model, content) => ['/api/chat', { model, messages: [{ role: 'user', content }], options: { num_predict: 16 } }],
  (model, content) => ['/v1/messages', { model, messages: [{ role: 'user', content }], max_tokens: 64 }],
  (model, content) => ['/v1/chat/completions', { model, messages: [{ role: 'user', content }], max_tokens: 32 }],
];

test(
  'two servers with room for one of four models each make no needless load',
  { skip, timeout: 180_000 },
  async () => {
    const servers = await startTwoRealOllamas({ maxLoadedModels: 1, others: ALIASES.slice(1) });
    try {
      await using gateway = await startGateway([], {
        model_list: ALIASES.flatMap((model_name) =>
          servers.map(({ url }) => ({
            model_name,
            litellm_params: { model: `ollama_chat/${model_name}`, api_base: url },
          })),
        ),
      });
      await ask(gateway, WARM_UP);
      const before = await loadsOf(gateway);
      const logged = servers.map((server) => server.log().length);
      const answers = await ask(gateway, REQUESTS);
      const after = await loadsOf(gateway);
      assert.deepEqual(after.needless, before.needless, JSON.stringify(after));
      const all = [...answers.values()].reduce((sum, count) => sum + count, 0);
      assert.ok(all >= REQUESTS);
      for (const alias of ALIASES) assert.ok((answers.get(alias) ?? 0) >= all / 6, JSON.stringify([...answers]));
      // The servers' own logs: a model that was loaded has answered before the next one is.
      const visits = servers.flatMap((server, index) =>
        server.log().slice(logged[index]).split('msg="starting runner"').slice(1, -1),
      );
      assert.ok(visits.length >= 8, `${String(visits.length)} loads are too few to say anything`);
      for (const visit of visits) assert.match(visit, /\| 200 \|.*"\/api\/chat"/);
      // A request that finds its model evicted is a load inside the server, which the gateway does not count.
      assert.ok(
        visits.length < (after.loads - before.loads) * 1.2 + 2,
        `${String(visits.length)} runners, ${String(after.loads - before.loads)} loads`,
      );
    } finally {
      for (const server of servers) await server.close();
    }
  },
);

/** Lets clients of each alias ask one request after the other, until there are so many answers; counts them by alias. */
async function ask(gateway: Running, requests: number): Promise<ReadonlyMap<string, number>> {
  const answers = new Map(ALIASES.map((alias) => [alias, 0]));
  let all = 0;
  const work = async (model: string, client: number): Promise<void> => {
    for (let turn = client; all < requests; turn += 1) {
      const content = `turn ${String(turn)} ${'word '.repeat((turn % 5) * 20)}`;
      const [path, body] = REQUEST_KINDS[turn % REQUEST_KINDS.length]?.(model, content) ?? ['', {}];
      const response = await gateway.ask(path, { method: 'POST', body: JSON.stringify(body) });
      const text = await response.text();
      assert.equal(response.status, 200, text);
      all += 1;
      answers.set(model, (answers.get(model) ?? 0) + 1);
    }
  };
  await Promise.all(ALIASES.flatMap((alias) => Array.from({ length: CLIENTS }, (_, client) => work(alias, client))));
  return answers;
}

/** The loads of the gateway so far, and those of them that it counts as needless, by kind. */
async function loadsOf(gateway: Running): Promise<{ readonly loads: number; readonly needless: object }> {
  const metrics = await (await gateway.ask('/metrics')).text();
  const sumOf = (pattern: RegExp): number =>
    [...metrics.matchAll(pattern)].reduce((sum, [, count]) => sum + Number(count), 0);
  return {
    loads: sumOf(/^hxllm_loads_total\{.*\} (\d+)$/gm),
    needless: {
      slotFree: sumOf(/^hxllm_needless_loads_total\{.*kind="slot-free".*\} (\d+)$/gm),
      unused: sumOf(/^hxllm_needless_loads_total\{.*kind="unused".*\} (\d+)$/gm),
    },
  };
}
