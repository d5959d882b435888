import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pathText } from '../../src/schema/issue.ts';
import { entry, good, read } from './reading.ts';

const first = (params: object): unknown => good({ model_list: [entry(params)] }).groups[0]?.deployments[0];
const openai = (params: object): object =>
  entry({ model: 'openai/m', api_base: 'http://b:8000/v1', api_key: 'k', ...params });
const fields = (params: object): unknown => {
  const [one] = good({ model_list: [openai(params)] }).groups[0]?.deployments ?? [];
  return one?.fields;
};
const said = (one: object): readonly string[] =>
  read({ model_list: [one] }).issues.map(({ path, message }) => `${pathText(path)}: ${message}`);

test('parameters of an entry of a server with /v1 are fields of its requests, those of extra_body first', () => {
  assert.equal(
    fields({ timeout: 3, order: 1, rpm: 2, tags: ['a'], supports_vision: true, langfuse_secret: 's' }),
    undefined,
  );
  assert.deepEqual(
    fields({
      temperature: '0.2',
      max_tokens: 100,
      stop: 'x',
      seed: 3,
      reasoning_effort: 'default',
      think: false,
      prompt_cache_key: 'p',
      top_p: null,
      extra_body: { chat_template_kwargs: { enable_thinking: false }, seed: 4 },
    }),
    {
      temperature: 0.2,
      max_tokens: 100,
      stop: 'x',
      seed: 4,
      reasoning_effort: 'default',
      think: false,
      prompt_cache_key: 'p',
      chat_template_kwargs: { enable_thinking: false },
    },
  );
});

test('a field that the server may not know is named, and one that the gateway writes itself is left out', () => {
  const one = openai({
    num_ctx: 8,
    odd: 1,
    messages: [],
    stream: true,
    extra_body: { stream: true, model: 'x', a: 1 },
  });
  assert.deepEqual(said(one), [
    'model_list[0].litellm_params.odd: unknown key odd, sent to the server as a field of each request',
    "model_list[0].litellm_params.messages: LiteLLM's messages is not supported, ignored",
    "model_list[0].litellm_params.stream: LiteLLM's stream is not supported, ignored",
    'model_list[0].litellm_params.num_ctx: unknown key num_ctx, sent to the server as a field of each request',
    "model_list[0].litellm_params.extra_body.stream: LiteLLM's stream is not supported, ignored",
    "model_list[0].litellm_params.extra_body.model: LiteLLM's model is not supported, ignored",
  ]);
  assert.partialDeepStrictEqual(read({ model_list: [one] }).config?.groups[0]?.deployments[0].fields, {
    num_ctx: 8,
    odd: 1,
    a: 1,
  });
});

test('think and reasoning_effort of an Ollama entry; a wrong value is ignored and named', () => {
  for (const [params, thinking] of [
    [{}, undefined],
    [{ think: false }, false],
    [{ think: 'true' }, true],
    [{ think: 'High' }, 'high'],
    [{ reasoning_effort: 'none' }, false],
    [{ reasoning_effort: 'minimal' }, 'low'],
    [{ think: true, reasoning_effort: 'none' }, true],
    [{ think: true, extra_body: { think: false } }, false],
  ] as const) {
    assert.deepEqual((first(params) as { thinking: unknown }).thinking, thinking, JSON.stringify(params));
    assert.partialDeepStrictEqual(first(params), { fields: undefined, options: {} });
  }
  assert.deepEqual(said(entry({ think: 'often' })), [
    'model_list[0].litellm_params.think: expected true, false or one of none, disable, minimal, low, medium, high, xhigh, max, found "often"; ignored',
  ]);
});

test('max_completion_tokens of an Ollama entry limits the tokens as max_tokens does, which counts first', () => {
  assert.partialDeepStrictEqual(first({ max_completion_tokens: 7 }), { options: { num_predict: 7 } });
  assert.partialDeepStrictEqual(first({ max_completion_tokens: 7, max_tokens: 9 }), { options: { num_predict: 9 } });
});

test('keys of LiteLLM’s integrations are no options of Ollama, since some are secrets', () => {
  const params = { langfuse_secret: 's', litellm_trace_id: 'x', prompt_id: 'p', mock_timeout: 1, dd_api_key: 'k' };
  assert.partialDeepStrictEqual(first(params), { options: {} });
  assert.equal(Object.keys((first(params) as { options: object }).options).length, 0);
  assert.equal(said(entry(params)).filter((text) => /not supported, ignored/.test(text)).length, 5);
});

test('an entry that LiteLLM does not serve is left out and named: blocked, or for another environment', () => {
  const model_list = [
    entry({}, { model_name: 'off', model_info: { blocked: true } }),
    entry({}, { model_name: 'on', model_info: { blocked: false, supported_environments: ['staging', 'production'] } }),
    entry({}, { model_name: 'always' }),
  ];
  const served = (environment: Record<string, string>): unknown =>
    read({ model_list }, environment).config?.groups.map(({ name }) => name);
  assert.deepEqual(served({ LITELLM_ENVIRONMENT: 'production' }), ['on', 'always']);
  assert.deepEqual(served({ LITELLM_ENVIRONMENT: 'development' }), ['always']);
  assert.deepEqual(
    model_list.flatMap((one) => said(one)).filter((text) => text.includes('left out')),
    [
      'model_list[0].model_info.blocked: expected an entry that is served, found that it is blocked; this entry is left out',
      'model_list[0].model_info.supported_environments: expected LITELLM_ENVIRONMENT to be one of staging, production, found that it is not set; this entry is left out',
    ],
  );
});

test('keys of model_info that steer LiteLLM and not this gateway are named, others are for people', () => {
  const info = { allowed_fails: 1, itpm: 5, team_id: 'a', description: 'x', supports_vision: true, base_model: 'y' };
  assert.deepEqual(
    said(entry({}, { model_info: info })),
    ['allowed_fails', 'itpm', 'team_id'].map(
      (name) => `model_list[0].model_info.${name}: LiteLLM's ${name} is not supported, ignored`,
    ),
  );
});
