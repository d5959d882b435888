import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { ask, HI, post, sdk, type Case, type Target } from '../target.ts';

/** Looks at an error to the letter: status, the object with its four keys, an id. */
async function refused(response: Response, status: number, error: object): Promise<void> {
  assert.equal(response.status, status);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  assert.ok((response.headers.get('x-request-id') ?? '') !== '');
  const body = (await response.json()) as { error: object };
  assert.deepEqual([Object.keys(body), Object.keys(body.error).toSorted()], [['error'], ['code', 'message', 'param', 'type']]);
  assert.partialDeepStrictEqual(body.error, error);
}

const INVALID = { type: 'invalid_request_error' };

function chat(target: Target, more: object): Promise<Response> {
  return post(target, '/chat/completions', { model: target.chat, ...HI, ...more });
}

export const ERRORS: readonly Case[] = [
  {
    name: 'no key and a wrong key are 401, on every path, and the key is not repeated',
    check: async (target) => {
      for (const path of ['/models', `/models/${target.chat}`]) await refused(await fetch(`${target.url}${path}`), 401, { ...INVALID, code: null });
      const key = 'sk-somebody-elses-key-0123456789';
      for (const path of ['/chat/completions', '/completions', '/embeddings']) {
        const response = await fetch(`${target.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${key}` }, body: '{' });
        assert.equal((await response.clone().text()).includes(key), false);
        await refused(response, 401, { ...INVALID, code: 'invalid_api_key' });
      }
      await assert.rejects(sdk({ ...target, key }).models.list(), OpenAI.AuthenticationError);
    },
  },
  {
    name: 'an unknown model is 404 and says so, wherever it is asked for',
    check: async (target) => {
      const unknown = { ...INVALID, code: 'model_not_found', param: null };
      await refused(await chat(target, { model: 'no-such-model' }), 404, unknown);
      await refused(await ask(target, '/models/no-such-model'), 404, unknown);
      await refused(await post(target, '/embeddings', { model: 'no-such-model', input: 'x' }), 404, unknown);
      await refused(await post(target, '/completions', { model: 'no-such-model', prompt: 'x' }), 404, unknown);
    },
  },
  {
    name: 'an unknown path is 404, a wrong method 405 with what would do',
    check: async (target) => {
      await refused(await post(target, '/no/such/path', {}), 404, { ...INVALID, code: null });
      const response = await ask(target, '/chat/completions');
      assert.match(response.headers.get('allow') ?? '', /\bPOST\b/);
      await refused(response, 405, { ...INVALID, code: null });
    },
  },
  {
    name: 'a body that is no JSON object is 400',
    check: async (target) => {
      for (const body of ['', '{', '[]', '"text"', 'null', '{"model":']) await refused(await post(target, '/chat/completions', body), 400, INVALID);
    },
  },
  {
    name: 'a parameter of a wrong type or out of its range is 400 and named',
    check: async (target) => {
      const rows: readonly (readonly [param: string, more: object])[] = [
        ['messages', { messages: [] }],
        ['messages', { messages: undefined }],
        ['temperature', { temperature: 3 }],
        ['temperature', { temperature: 'hot' }],
        ['top_p', { top_p: -1 }],
        ['n', { n: 0 }],
        ['max_tokens', { max_tokens: -5 }],
        ['stop', { stop: 5 }],
        ['stream_options', { stream_options: { include_usage: true } }],
        ['top_logprobs', { top_logprobs: 2 }],
        ['tools[0]', { tools: [{ type: 'function' }] }],
      ];
      for (const [param, more] of rows) await refused(await chat(target, more), 400, { ...INVALID, param });
    },
  },
  {
    name: 'a prompt that does not fit is 400 and says why, streaming or not, and is never cut in silence',
    check: async (target) => {
      const content = 'word '.repeat(200_000);
      for (const stream of [false, true]) await refused(await chat(target, { messages: [{ role: 'user', content }], stream }), 400, { ...INVALID, code: 'context_length_exceeded', param: 'messages' });
      await refused(await post(target, '/completions', { model: target.chat, prompt: content }), 400, { ...INVALID, code: 'context_length_exceeded', param: 'prompt' });
    },
  },
];
