import assert from 'node:assert/strict';
import { ask, askJson, read, type Server } from '../asking.ts';
import { exchange, refusals, until, type Case } from '../case.ts';
import { loaded, unloadAll } from '../loaded.ts';
import { count, mismatchOf, number, text, time } from '../pattern.ts';
import { ENDLESS } from './work.ts';

/** Begun minutes: the same however long the request took. */
async function minutesLeft(server: Server): Promise<number> {
  const [first] = await loaded(server);
  return Math.ceil((Date.parse(first?.expires_at ?? '') - Date.now()) / 60_000);
}

const KEEP_ALIVE = refusals('/api/chat', [
  [{ model: 'tiny', keep_alive: '300' }, 400, 'time: missing unit in duration "300"'],
  [{ model: 'tiny', keep_alive: '-1' }, 400, 'time: missing unit in duration "-1"'],
  [{ model: 'tiny', keep_alive: '' }, 400, 'time: invalid duration ""'],
  [{ model: 'tiny', keep_alive: 'abc' }, 400, 'time: invalid duration "abc"'],
  [{ model: 'tiny', keep_alive: '5x' }, 400, 'time: unknown unit "x" in duration "5x"'],
  [{ model: 'tiny', keep_alive: true }, 400, "Unsupported type: 'bool'"],
  [{ model: 'tiny', keep_alive: [] }, 400, "Unsupported type: '[]interface {}'"],
  [{ model: 'tiny', keep_alive: {} }, 400, "Unsupported type: 'map[string]interface {}'"],
]);

const LOADS: readonly Case[] = [
  exchange({
    name: 'a request without messages loads the model, and is answered whole',
    path: '/api/chat',
    body: { model: 'tiny' },
    type: 'application/json; charset=utf-8',
    answer: {
      model: 'tiny',
      created_at: time,
      message: { role: 'assistant', content: '' },
      done: true,
      done_reason: 'load',
    },
  }),
  exchange({
    name: 'keep_alive 0 without messages unloads',
    path: '/api/chat',
    body: { model: 'tiny', keep_alive: 0 },
    answer: {
      model: 'tiny',
      created_at: time,
      message: { role: 'assistant', content: '' },
      done: true,
      done_reason: 'unload',
    },
  }),
  exchange({
    name: 'keep_alive 0 also works for a model that is not loaded',
    path: '/api/generate',
    body: { model: 'tiny', keep_alive: '0s' },
    answer: { model: 'tiny', created_at: time, response: '', done: true, done_reason: 'unload' },
  }),
  {
    name: 'ps lists the models in memory, with the context of one slot',
    check: async (server) => {
      await unloadAll(server);
      await ask(server, 'POST', '/api/generate', { model: 'tiny' });
      const answer = await ask(server, 'GET', '/api/ps');
      const details = {
        parent_model: '',
        format: 'gguf',
        family: 'llama',
        families: ['llama'],
        parameter_size: text,
        quantization_level: text,
      };
      const entry = {
        name: 'tiny:latest',
        model: 'tiny:latest',
        size: count,
        digest: /^[0-9a-f]{64}$/,
        details,
        expires_at: time,
        size_vram: number,
        context_length: 1024,
      };
      assert.equal(mismatchOf(JSON.parse(answer.text), { models: [entry] }), undefined);
    },
  },
  {
    name: 'keep_alive is seconds or a duration, for ever below zero; absent and null keep the current value; /v1 inherits it',
    check: async (server) => {
      const send = async (more: object): Promise<unknown> =>
        (await askJson(server, '/api/generate', { model: 'tiny', ...more }))['done'];
      const isForEver = async (): Promise<boolean> => (await loaded(server))[0]?.expires_at.startsWith('2319') === true;
      // Ollama sets it a moment after the response.
      const stays = (minutes: number | undefined): Promise<void> =>
        until(
          `it stays for ${String(minutes)} minutes`,
          async () => (minutes === undefined ? isForEver() : (await minutesLeft(server)) === minutes),
          5000,
        );
      await unloadAll(server);
      assert.equal(await send({}), true);
      await stays(5);
      for (const [keepAlive, minutes] of [
        ['1h30m', 90],
        [600, 10],
        [90.5, 2],
        ['-1s', undefined],
        [null, undefined],
        [-1, undefined],
      ] as const) {
        assert.equal(await send({ keep_alive: keepAlive }), true);
        await stays(minutes);
      }
      await askJson(server, '/v1/chat/completions', {
        model: 'tiny',
        messages: [{ role: 'user', content: 'x' }],
        max_tokens: 1,
      });
      await stays(undefined);
      await send({ keep_alive: '5m' });
    },
  },
  {
    name: 'another num_ctx reloads the model and is limited to its trained context; sampling options do not reload',
    check: async (server) => {
      const answerTo = async (options: object): Promise<unknown> =>
        askJson(server, '/api/chat', {
          model: 'tiny',
          messages: [{ role: 'user', content: 'x' }],
          options: { num_predict: 1, ...options },
          stream: false,
        });
      const context = async (): Promise<unknown> => (await loaded(server))[0]?.context_length;
      await answerTo({ num_ctx: 99_999 });
      assert.equal(await context(), 2048);
      await answerTo({ num_ctx: 1 });
      assert.equal(await context(), 4);
      await answerTo({});
      assert.equal(await context(), 1024);
      const [before] = await loaded(server);
      await answerTo({ temperature: 0.1, seed: 7, top_k: 3 });
      assert.equal((await loaded(server)).length, 1);
      assert.equal(await context(), before?.context_length);
    },
  },
  {
    name: 'names that share their weights share one runner, listed by the name that loaded it',
    check: async (server) => {
      await unloadAll(server);
      await ask(server, 'POST', '/api/generate', { model: 'phi3:3.8b-mini-128k-instruct-q8_0' });
      await ask(server, 'POST', '/api/generate', { model: 'tiny' });
      assert.deepEqual(
        (await loaded(server)).map(({ name }) => name),
        ['phi3:3.8b-mini-128k-instruct-q8_0'],
      );
    },
  },
  {
    name: 'an idle model is evicted, even with keep_alive for ever',
    check: async (server) => {
      await ask(server, 'POST', '/api/generate', { model: 'tiny', keep_alive: -1 });
      await ask(server, 'POST', '/api/generate', { model: 'other' });
      assert.deepEqual(
        (await loaded(server)).map(({ name }) => name),
        ['other:latest'],
      );
    },
  },
  {
    name: 'a load waits for a busy model; a keep_alive in the meantime revives the model, and the load waits until it expires',
    check: async (server) => {
      await unloadAll(server);
      const busy = read(server, '/api/chat', { model: 'tiny', ...ENDLESS });
      await busy.begun;
      const waiter = read(server, '/api/generate', { model: 'other' });
      // The eviction must be pending before the victim gets a request, and nothing shows that; so requests are sent until the
      // response is well under way.
      for (let times = 0; times < 20; times += 1)
        await ask(server, 'POST', '/api/generate', { model: 'tiny', keep_alive: '1500ms' });
      assert.ok(!busy.hasEnded());
      const revived = performance.now();
      busy.leave();
      await waiter.ended;
      assert.ok(performance.now() - revived >= 1400, 'the load did not wait for the keep_alive');
      assert.deepEqual(
        (await loaded(server)).map(({ name }) => name),
        ['other:latest'],
      );
    },
  },
];

/** Models in memory, for how long, and which make room for which. */
export const MEMORY: readonly Case[] = [...KEEP_ALIVE, ...LOADS];
