import assert from 'node:assert/strict';
import { ask, sdk, type Case } from '../target.ts';

export const MODELS: readonly Case[] = [
  {
    name: 'models are a list, never null, each with all that the API requires',
    check: async (target) => {
      const { object, data } = (await (await ask(target, '/models')).json()) as { object: string; data: Record<string, unknown>[] };
      assert.deepEqual([object, Array.isArray(data)], ['list', true]);
      assert.ok(data.some(({ id }) => id === target.chat));
      for (const model of data) assert.deepEqual([typeof model['id'], model['object'], typeof model['created'], typeof model['owned_by']], ['string', 'model', 'number', 'string']);
    },
  },
  {
    name: 'a model is found by its id, encoded or not',
    check: async (target) => {
      assert.equal((await sdk(target).models.retrieve(target.chat)).id, target.chat);
      assert.partialDeepStrictEqual(await (await ask(target, `/models/${encodeURIComponent(target.chat)}`)).json(), { id: target.chat, object: 'model' });
    },
  },
  {
    name: 'HEAD is GET without a body, and OPTIONS needs no key',
    check: async (target) => {
      const head = await ask(target, '/models', { method: 'HEAD' });
      assert.deepEqual([head.status, await head.text()], [200, '']);
      const options = await fetch(`${target.url}/models`, { method: 'OPTIONS' });
      assert.equal(options.status, 204);
    },
  },
];
