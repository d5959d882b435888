import assert from 'node:assert/strict';
import OpenAI from 'openai';
import type { Case } from '../case.ts';
import { HI } from '../wire/asking.ts';
import { needKeys } from '../wire/keys.ts';
import { sdk } from './sdk.ts';

export const ERRORS: readonly Case[] = [
  {
    id: 'wrong-key',
    checks: 'a wrong key is the SDK’s AuthenticationError',
    run: async (target) => {
      await needKeys(target);
      const client = sdk({ ...target, key: 'sk-somebody-elses-key-0123456789' });
      await assert.rejects(client.models.list(), OpenAI.AuthenticationError);
      await assert.rejects(client.chat.completions.create({ model: target.model, ...HI }), OpenAI.AuthenticationError);
    },
  },
  {
    id: 'unknown-model',
    checks: 'an unknown model is its NotFoundError, with the code model_not_found',
    run: async (target) => {
      await assert.rejects(sdk(target).chat.completions.create({ model: 'no-such-model', ...HI }), (error) => {
        assert.ok(error instanceof OpenAI.NotFoundError, `expected NotFoundError, found ${String(error)}`);
        assert.equal(error.code, 'model_not_found', 'code');
        return true;
      });
    },
  },
  {
    id: 'bad-parameter',
    checks: 'a wrong parameter is its BadRequestError, which names it and the request',
    run: async (target) => {
      await assert.rejects(
        sdk(target).chat.completions.create({ model: target.model, ...HI, temperature: 3 }),
        (error) => {
          assert.ok(error instanceof OpenAI.BadRequestError, `expected BadRequestError, found ${String(error)}`);
          assert.deepEqual(
            [error.param, error.type, (error.requestID ?? '') !== ''],
            ['temperature', 'invalid_request_error', true],
            'param, type and request id',
          );
          return true;
        },
      );
    },
  },
  {
    id: 'bad-stream',
    checks: 'the same holds for a stream',
    run: async (target) => {
      await assert.rejects(
        sdk(target).chat.completions.create({ model: target.model, messages: [], stream: true }),
        OpenAI.BadRequestError,
      );
    },
  },
  {
    id: 'no-retry',
    checks: 'a permanent error is not retried',
    run: async (target) => {
      let asked = 0;
      const counting: typeof fetch = (...request) => {
        asked += 1;
        return fetch(...request);
      };
      const client = new OpenAI({ baseURL: `${target.url}/v1`, apiKey: target.key, maxRetries: 2, fetch: counting });
      await assert.rejects(client.chat.completions.create({ model: 'no-such-model', ...HI }), OpenAI.APIError);
      assert.equal(asked, 1, 'requests');
    },
  },
];
