import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { ask } from './asking.ts';

export const MODELS: readonly Case[] = [
  {
    id: 'list',
    checks: 'models are a list, never null, with all required fields, and contain the model under test',
    run: async (target) => {
      const { object, data } = (await (await ask(target, '/v1/models')).json()) as {
        object: string;
        data: Record<string, unknown>[];
      };
      assert.deepEqual([object, Array.isArray(data)], ['list', true]);
      assert.ok(
        data.some(({ id }) => id === target.model),
        `expected ${target.model} in the list, found ${data.map(({ id }) => String(id)).join(', ')}`,
      );
      for (const model of data)
        assert.deepEqual(
          [typeof model['id'], model['object'], typeof model['created'], typeof model['owned_by']],
          ['string', 'model', 'number', 'string'],
        );
    },
  },
  {
    id: 'encoded',
    checks: 'a model is found by its id, encoded or not',
    run: async (target) => {
      for (const id of [target.model, encodeURIComponent(target.model)])
        assert.partialDeepStrictEqual(await (await ask(target, `/v1/models/${id}`)).json(), {
          id: target.model,
          object: 'model',
        });
    },
  },
];
