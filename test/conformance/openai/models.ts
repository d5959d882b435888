import assert from 'node:assert/strict';
import OpenAI from 'openai';
import type { Case } from '../case.ts';
import { sdk } from './sdk.ts';

export const MODELS: readonly Case[] = [
  {
    id: 'list',
    checks: 'the list can be read page by page, and has the model',
    run: async (target) => {
      const ids: string[] = [];
      for await (const { id } of sdk(target).models.list()) ids.push(id);
      assert.ok(ids.includes(target.model), `expected ${target.model}, found ${ids.join(', ')}`);
    },
  },
  {
    id: 'retrieve',
    checks: 'a model is found by its id',
    run: async (target) => {
      assert.equal((await sdk(target).models.retrieve(target.model)).id, target.model);
    },
  },
  {
    id: 'retrieve-unknown',
    checks: 'a missing model is a NotFoundError',
    run: async (target) => {
      await assert.rejects(sdk(target).models.retrieve('no-such-model'), OpenAI.NotFoundError);
    },
  },
];
