import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateway, type Running } from '../gateway/running.ts';
import { shareAnswers } from '../gateway/scheduler/share-answers.ts';
import { FIELD_MODEL, startRealOllama, startTwoRealOllamas, whyNoRealOllama } from './ollama-server.ts';
import { IN_JOB } from '../job.ts';

const skip = whyNoRealOllama();

const ALIASES = ['tiny', 'b', 'c', 'd'];
/** Turns of each alias in the mean, of which the end cuts off one. */
const TURNS = 4;
const SERVER = { maxLoadedModels: 1, others: ALIASES.slice(1) };

interface Case {
  readonly title: string;
  readonly servers: number;
  readonly clients: number;
  /** The model of each alias. */
  readonly models: readonly string[];
  /** Each alias has a context length of its own. */
  readonly contexts?: boolean;
}

// Names of the same weights share a runner, and each context length takes a runner of its own.
const CASES: readonly Case[] = [
  { title: 'four models on two servers', servers: 2, clients: 1, models: ALIASES },
  { title: 'four models on one server', servers: 1, clients: 2, models: ALIASES },
  {
    title: 'four context lengths of one model on two servers',
    servers: 2,
    clients: 1,
    models: ['tiny', 'tiny', 'tiny', 'tiny'],
    contexts: true,
  },
  {
    title: 'four context lengths of one model on one server',
    servers: 1,
    clients: 2,
    models: ['tiny', 'tiny', 'tiny', 'tiny'],
    contexts: true,
  },
  {
    title: 'four context lengths of three names of the same weights on two servers',
    servers: 2,
    clients: 1,
    models: ['tiny', FIELD_MODEL, 'tiny', 'tiny-plain'],
    contexts: true,
  },
];

/** Left out of a job, since the last case shows the same with more names. */
const LESS = 'four context lengths of one model on two servers';

for (const { title, servers: count, clients, models, contexts = false } of CASES.filter(
  (one) => !IN_JOB || one.title !== LESS,
))
  test(`${title} with room for one: every alias gets its share`, { skip, timeout: 200_000 }, async () => {
    const servers = count === 2 ? await startTwoRealOllamas(SERVER) : [await startRealOllama(SERVER)];
    try {
      await using gateway = await startGateway([], {
        model_list: models.flatMap((model, index) =>
          servers.map(({ url }) => ({
            model_name: ALIASES[index],
            litellm_params: {
              model: `ollama_chat/${model}`,
              api_base: url,
              ...(contexts ? { num_ctx: 256 * (index + 1) } : {}),
            },
          })),
        ),
      });
      // On a slow machine the time alone would leave a few turns for each alias, and the share to chance.
      const isEnough = async (): Promise<boolean> => (await loadsOf(gateway)) >= TURNS * ALIASES.length;
      const answers = await shareAnswers(gateway, ALIASES, { clients, ms: 10_000, atLeast: 60, isEnough });
      const all = [...answers.values()].reduce((sum, one) => sum + one, 0);
      // Half of a fair share: the end cuts a turn off, and a slow machine has few of them.
      for (const alias of ALIASES) assert.ok((answers.get(alias) ?? 0) > all / 8, JSON.stringify([...answers]));
      // A request that finds its model evicted is a load inside the server, which no turn governs.
      const loads = await loadsOf(gateway);
      const runners = servers.flatMap((server) => server.log().match(/msg="starting runner"/g) ?? []).length;
      assert.ok(loads > 0 && runners < loads * 1.2, `${String(runners)} runners for ${String(loads)} loads`);
    } finally {
      for (const server of servers) await server.close();
    }
  });

/** The number of loads that the gateway has asked for. */
async function loadsOf(gateway: Running): Promise<number> {
  const metrics = await (await gateway.ask('/metrics')).text();
  return [...metrics.matchAll(/^hxllm_loads_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}
