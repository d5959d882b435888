import assert from 'node:assert/strict';
import { notApplicable, type Case, type Target } from '../case.ts';
import { ask, chat, post, refused } from './asking.ts';
import { needKeys } from './keys.ts';

const INVALID = { type: 'invalid_request_error' };
const UNKNOWN = { ...INVALID, code: 'model_not_found' };

export const ERRORS: readonly Case[] = [
  {
    id: 'no-key',
    checks: 'no key is 401',
    run: async (target) => {
      await needKeys(target);
      const { url, model } = target;
      await refused(await fetch(`${url}/v1/models`), 401, INVALID);
      await refused(
        await fetch(`${url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
        }),
        401,
        INVALID,
      );
    },
  },
  {
    id: 'wrong-key',
    checks: 'a wrong key is 401 with invalid_api_key, and is not repeated',
    run: async (target) => {
      await needKeys(target);
      const { url, model } = target;
      const key = 'sk-somebody-elses-key-0123456789';
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
      });
      assert.equal((await response.clone().text()).includes(key), false, 'the key is in the answer');
      await refused(response, 401, { ...INVALID, code: 'invalid_api_key' });
    },
  },
  {
    id: 'unknown-model',
    checks: 'an unknown model is 404 with model_not_found',
    run: async (target) => {
      await refused(await chat(target, { model: 'no-such-model' }), 404, UNKNOWN);
      await refused(await ask(target, '/v1/models/no-such-model'), 404, UNKNOWN);
    },
  },
  {
    id: 'unknown-model-elsewhere',
    checks: 'the same holds for embeddings and completions',
    run: async (target) => {
      await refused(await post(target, '/v1/embeddings', { model: 'no-such-model', input: 'x' }), 404, UNKNOWN);
      await refused(await post(target, '/v1/completions', { model: 'no-such-model', prompt: 'x' }), 404, UNKNOWN);
    },
  },
  {
    id: 'unknown-path',
    checks: 'an unknown path is 404 with an error object',
    run: async (target) => {
      await refused(await post(target, '/v1/no/such/path', {}), 404, INVALID);
    },
  },
  {
    id: 'wrong-method',
    checks: 'a wrong method is 405',
    run: async (target) => {
      const response = await ask(target, '/v1/chat/completions');
      await response.arrayBuffer();
      assert.equal(response.status, 405, 'status');
    },
  },
  {
    id: 'no-json',
    checks: 'a body that is not a JSON object is 400 with an error object',
    run: async (target) => {
      for (const body of ['', '{', '[]', '"text"', 'null', '{"model":'])
        await refused(await post(target, '/v1/chat/completions', body), 400, INVALID);
    },
  },
  ...(
    [
      ['messages-empty', 'messages', { messages: [] }],
      ['messages-missing', 'messages', { messages: undefined }],
      ['temperature', 'temperature', { temperature: 'hot' }],
      ['n', 'n', { n: 0 }],
      ['max-tokens', 'max_tokens', { max_tokens: -5 }],
      ['stop', 'stop', { stop: 5 }],
    ] as const
  ).map(([name, param, more]) => ({
    id: `bad-${name}`,
    checks: `a wrong ${param} is 400 and param names it: ${JSON.stringify(more)}`,
    run: async (target: Target) => refused(await chat(target, more), 400, { ...INVALID, param }),
  })),
  {
    id: 'too-long',
    checks: 'a prompt that does not fit is 400 with context_length_exceeded, streamed or not, and never cut in silence',
    run: async (target) => {
      for (const stream of [false, true])
        await refused(
          await chat(target, { messages: [{ role: 'user', content: 'word '.repeat(200_000) }], stream }),
          400,
          { ...INVALID, code: 'context_length_exceeded' },
        );
    },
  },
  {
    id: 'should-retry',
    checks: 'a permanent error has x-should-retry: false, if it has the header, and no retry-after',
    run: async (target) => {
      const response = await chat(target, { model: 'no-such-model' });
      await response.arrayBuffer();
      assert.equal(response.headers.get('retry-after'), null, 'retry-after');
      if (response.headers.get('x-should-retry') === null)
        notApplicable('the server sends no x-should-retry; the clients go by the status');
      assert.equal(response.headers.get('x-should-retry'), 'false', 'x-should-retry');
    },
  },
];
