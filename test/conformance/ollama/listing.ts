import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { client, HI } from './client.ts';

export const LISTING: readonly Case[] = [
  {
    id: 'list',
    checks: 'the list has the model, with digest, size and details',
    run: async (target) => {
      const { models } = await client(target).list();
      const model = models.find(({ name }) => name === target.model || name === `${target.model}:latest`);
      assert.ok(model !== undefined, `expected ${target.model}, found ${models.map(({ name }) => name).join(', ')}`);
      assert.deepEqual(
        [typeof model.digest, typeof model.size, Array.isArray(model.details.families)],
        ['string', 'number', true],
      );
    },
  },
  {
    id: 'show',
    checks: 'show has details, capabilities and model_info',
    run: async (target) => {
      const { details, capabilities, model_info: info } = await client(target).show({ model: target.model });
      assert.ok(capabilities.includes('completion'), `expected completion, found ${JSON.stringify(capabilities)}`);
      assert.deepEqual([typeof details.family, typeof info], ['string', 'object']);
    },
  },
  {
    id: 'ps',
    checks: 'ps has the model after it was used',
    run: async (target) => {
      await client(target).chat({ model: target.model, ...HI });
      let names: readonly string[] = [];
      // The list of models in memory may lag a moment behind.
      for (let turn = 0; turn < 100 && names.length === 0; turn += 1) {
        names = (await client(target).ps()).models.map(({ name }) => name);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(
        names.some((name) => name === target.model || name === `${target.model}:latest`),
        `expected ${target.model}, found ${names.join(', ')}`,
      );
    },
  },
  {
    id: 'version',
    checks: 'version is one',
    run: async (target) => {
      assert.match((await client(target).version()).version, /^\d+\.\d+\.\d+/);
    },
  },
  {
    id: 'show-unknown',
    checks: 'a missing model is 404 with an error text',
    run: async (target) => {
      await assert.rejects(client(target).show({ model: 'no-such-model' }), {
        name: 'ResponseError',
        status_code: 404,
      });
    },
  },
];
