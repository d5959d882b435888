import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import type { Case } from '../case.ts';
import { post } from '../wire/asking.ts';
import { needKeys } from '../wire/keys.ts';
import { HI, sdk } from './sdk.ts';

const VERSION = { 'anthropic-version': '2023-06-01' };

async function shape(response: Response, status: number, type: string): Promise<void> {
  const text = await response.text();
  assert.equal(response.status, status, `status (${text.slice(0, 100)})`);
  assert.partialDeepStrictEqual(JSON.parse(text), { type: 'error', error: { type } });
}

export const ERRORS: readonly Case[] = [
  {
    id: 'wrong-key',
    checks: 'a wrong key is the SDK’s AuthenticationError, of type authentication_error',
    run: async (target) => {
      await needKeys(target);
      await assert.rejects(
        sdk({ ...target, key: 'sk-somebody-elses-key-0123456789' }).messages.create({ model: target.model, ...HI }),
        (error) => {
          assert.ok(
            error instanceof Anthropic.AuthenticationError,
            `expected AuthenticationError, found ${String(error)}`,
          );
          assert.partialDeepStrictEqual(error.error, { type: 'error', error: { type: 'authentication_error' } });
          return true;
        },
      );
    },
  },
  {
    id: 'unknown-model',
    checks: 'an unknown model is its NotFoundError, of type not_found_error',
    run: async (target) => {
      await assert.rejects(sdk(target).messages.create({ model: 'no-such-model', ...HI }), (error) => {
        assert.ok(error instanceof Anthropic.NotFoundError, `expected NotFoundError, found ${String(error)}`);
        assert.partialDeepStrictEqual(error.error, { type: 'error', error: { type: 'not_found_error' } });
        return true;
      });
    },
  },
  ...(
    [
      ['messages', { max_tokens: 8 }],
      ['max_tokens', { messages: HI.messages }],
    ] as const
  ).map(([lacking, body]): Case => ({
    id: `no-${lacking}`,
    checks: `a request without ${lacking} is 400, of type invalid_request_error`,
    run: async (target) =>
      shape(
        await post(target, '/v1/messages', { model: target.model, ...body }, { 'x-api-key': target.key, ...VERSION }),
        400,
        'invalid_request_error',
      ),
  })),
  {
    id: 'too-long',
    checks: 'a prompt that does not fit is 400, of type invalid_request_error, and never cut in silence',
    run: async (target) =>
      shape(
        await post(
          target,
          '/v1/messages',
          { model: target.model, max_tokens: 8, messages: [{ role: 'user', content: 'word '.repeat(200_000) }] },
          { 'x-api-key': target.key, ...VERSION },
        ),
        400,
        'invalid_request_error',
      ),
  },
  {
    id: 'bearer',
    checks: 'the key is taken as a bearer token too, as clients with ANTHROPIC_AUTH_TOKEN send it',
    run: async (target) => {
      const client = new Anthropic({ baseURL: target.url, authToken: target.key, apiKey: null, maxRetries: 0 });
      assert.equal((await client.messages.create({ model: target.model, ...HI })).type, 'message');
    },
  },
];

export const COUNTING: readonly Case[] = [
  {
    id: 'count',
    checks: 'tokens are counted: more for more text, and between half and twice the real count',
    run: async (target) => {
      const count = async (content: string): Promise<number> =>
        (await sdk(target).messages.countTokens({ model: target.model, messages: [{ role: 'user', content }] }))
          .input_tokens;
      const text = 'Every word of this sentence is counted by those who have to pay for it.';
      const few = await count('Hi');
      const {
        usage: { input_tokens: taken },
      } = await sdk(target).messages.create({
        model: target.model,
        max_tokens: 1,
        messages: [{ role: 'user', content: text }],
      });
      const many = await count(text);
      assert.ok(many > few && few > 0, `expected more for more, found ${String(few)} and ${String(many)}`);
      assert.ok(many >= taken / 2 && many <= taken * 2, `expected about ${String(taken)}, found ${String(many)}`);
    },
  },
];
