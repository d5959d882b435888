import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { embedModel, notApplicable, type Case, type Target } from '../case.ts';
import { ask, HI, post } from './asking.ts';
import { needKeys } from './keys.ts';
import { names } from './apis.ts';

type Json = Readonly<Record<string, unknown>>;
type Body = (target: Target) => Json;

const chatBody: Body = ({ model }) => ({ model, ...HI });
const ollamaBody: Body = ({ model }) => ({ model, messages: HI.messages, stream: false, options: { num_predict: 8 } });
const responsesBody: Body = ({ model }) => ({ model, input: 'Hi', max_output_tokens: 16 });
const messagesBody: Body = ({ model }) => ({ model, messages: HI.messages, max_tokens: 8 });

/** Each path, a small request to it, and the way in which that API has a seed. */
const PATHS: Readonly<
  Record<string, { readonly path: string; readonly body: Body; readonly seed?: (seed: string) => string }>
> = {
  chat: { path: '/v1/chat/completions', body: chatBody, seed: (seed) => `"seed":${seed}` },
  completions: {
    path: '/v1/completions',
    body: ({ model }) => ({ model, prompt: 'Hi', max_tokens: 8 }),
    seed: (seed) => `"seed":${seed}`,
  },
  embeddings: { path: '/v1/embeddings', body: (target) => ({ model: embedModel(target), input: 'Hi' }) },
  responses: { path: '/v1/responses', body: responsesBody, seed: (seed) => `"seed":${seed}` },
  messages: { path: '/v1/messages', body: messagesBody },
  ollama: { path: '/api/chat', body: ollamaBody, seed: (seed) => `"options":{"num_predict":8,"seed":${seed}}` },
};

/** Cases of the forms in which clients write the same request, over one API. */
export function toleranceCases(name: keyof typeof PATHS): readonly Case[] {
  const { path = '', body = chatBody, seed } = PATHS[name] ?? {};
  const send = (target: Target, to: string, more: Json = {}): Promise<Response> =>
    post(target, to, { ...body(target), ...more }, { 'x-api-key': target.key });
  const served = async (response: Response, what: string): Promise<void> => {
    assert.equal(response.status, 200, `status of ${what} (${(await response.text()).slice(0, 120)})`);
  };
  return [
    {
      id: `${name}-slashes`,
      checks: 'one slash too many is as none: //v1/…, /v1//…, and one at the end',
      run: async (target) => {
        for (const form of [`/${path}`, path.replace(/^\/(\w+)\//, '/$1//'), `${path}/`])
          await served(await send(target, form), form);
      },
    },
    {
      id: `${name}-latest`,
      checks: 'MODEL:latest is the model, as Ollama’s clients write it',
      run: async (target) => {
        const model = name === 'embeddings' ? embedModel(target) : target.model;
        if (model.includes(':')) notApplicable('the model’s name has a tag already');
        await served(await send(target, path, { model: `${model}:latest` }), `${model}:latest`);
      },
    },
    {
      id: `${name}-gzip`,
      checks: 'a compressed body is taken, or refused with 415',
      run: async (target) => {
        const response = await ask(target, path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', 'x-api-key': target.key },
          body: gzipSync(JSON.stringify(body(target))),
        });
        const text = await response.text();
        if (response.status !== 415) assert.equal(response.status, 200, `status (${text.slice(0, 120)})`);
      },
    },
    {
      id: `${name}-two-keys`,
      checks: 'the right x-api-key counts beside another bearer',
      run: async (target) => {
        await needKeys(target);
        const headers = { authorization: 'Bearer sk-of-another-server', 'x-api-key': target.key };
        await served(await post(target, path, body(target), headers), 'two keys');
      },
    },
    ...(seed === undefined
      ? []
      : [
          {
            id: `${name}-seed`,
            checks: 'a seed has 64 bits',
            run: async (target: Target) => {
              for (const digits of ['9007199254740993', '9223372036854775807', '-9223372036854775808']) {
                const rest = JSON.stringify(body(target)).replace(/,"options":\{[^}]*\}/, '');
                const text = `${rest.slice(0, -1)},${seed(digits)}}`;
                await served(await post(target, path, text, { 'x-api-key': target.key }), `the seed ${digits}`);
              }
            },
          },
        ]),
  ];
}

/** Cases of OpenAI's chat alone. */
export const CHAT_TOLERANCE: readonly Case[] = [
  {
    id: 'defaults',
    checks: 'parameters with the values of their defaults are no unmet ones',
    run: async (target) => {
      const defaults = {
        verbosity: 'medium',
        logit_bias: {},
        functions: [],
        n: 1,
        modalities: ['text'],
        store: false,
        service_tier: 'auto',
        response_format: { type: 'text' },
        stream: false,
        logprobs: false,
        top_p: null,
        metadata: {},
      };
      const response = await post(target, '/v1/chat/completions', { ...chatBody(target), ...defaults });
      assert.equal(response.status, 200, `status (${(await response.text()).slice(0, 120)})`);
      for (const parameter of Object.keys(defaults))
        assert.equal(names(response, parameter), false, `${parameter} in a header`);
    },
  },
];

/** Token lists, which OpenAI's API has and Ollama's has not. */
export const TOKEN_LISTS: readonly Case[] = [
  {
    id: 'completions-tokens',
    checks: 'a prompt of tokens is served, or refused with 400 by the name prompt',
    run: async (target) => {
      const response = await post(target, '/v1/completions', { model: target.model, prompt: [1, 2, 3], max_tokens: 2 });
      await servedOr400(response, 'prompt');
    },
  },
];

/** The same for embeddings. */
export const EMBED_TOKEN_LISTS: readonly Case[] = [
  {
    id: 'embeddings-tokens',
    checks: 'an input of tokens is served, or refused with 400 by the name input',
    run: async (target) => {
      for (const input of [
        [1, 2, 3],
        [[1, 2], [3]],
      ])
        await servedOr400(await post(target, '/v1/embeddings', { model: embedModel(target), input }), 'input');
    },
  },
];

async function servedOr400(response: Response, param: string): Promise<void> {
  const text = await response.text();
  if (response.status === 200) return;
  assert.equal(response.status, 400, `status (${text.slice(0, 120)})`);
  assert.ok(text.includes(param), `expected the name ${param}, found ${text.slice(0, 120)}`);
}
