import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pathText } from '../../src/schema/issue.ts';
import { entry, good, read } from './reading.ts';

/** Messages of warnings, without their fix. */
function warnings(document: object, environment: Record<string, string> = {}): readonly string[] {
  const { config, issues } = read({ model_list: [entry()], ...document }, environment);
  assert.ok(config !== undefined, JSON.stringify(issues));
  return issues.map(({ path, message }) => `${pathText(path)}: ${message}`);
}

const cloud = (name: string, model = 'gpt-4.1-mini'): object => ({
  model_name: name,
  litellm_params: { model, api_key: 'os.environ/CLOUD_KEY' },
});

test('entries of other providers are left out and named once, without a word about their keys', () => {
  const document = {
    model_list: [
      entry(),
      cloud('a'),
      cloud('b', 'deepinfra/llama'),
      cloud('c', 'nowhere/llama'),
      cloud('d', 'anthropic/claude'),
      cloud('e', 'openai/gpt-4o'),
      cloud('f', 'openai/'),
    ],
  };
  assert.deepEqual(
    good(document).groups.map(({ name }) => name),
    ['m'],
  );
  const said = warnings(document);
  assert.equal(said.length, 6);
  for (const [index, text] of said.entries())
    assert.match(text, new RegExp(`^model_list\\[${String(index + 1)}\\].*this entry is left out$`));
});

test('a server with an api_base is asked with OpenAI’s API, whatever its provider is called', () => {
  for (const prefix of ['openai', 'hosted_vllm', 'lm_studio', 'custom_openai', 'groq', 'openrouter', 'deepinfra']) {
    const { groups } = good({
      model_list: [entry({ model: `${prefix}/meta/llama`, api_base: 'http://a:8000/v1', api_key: 'k' })],
    });
    assert.partialDeepStrictEqual(groups[0]?.deployments[0], {
      provider: 'openai',
      model: 'meta/llama',
      url: 'http://a:8000/v1',
    });
  }
});

test('openai/ without an api_base needs hxllm.external', () => {
  const bare = { model_name: 'e', litellm_params: { model: 'openai/gpt-4o', api_key: 'sk-1' } };
  assert.equal(good({ model_list: [entry(), bare] }).groups.length, 1);
  const { groups } = good({ model_list: [entry(), bare], hxllm: { external: true } });
  assert.equal(groups[1]?.deployments[0].url, 'https://api.openai.com/v1');
  const groq = { model_name: 'g', litellm_params: { model: 'groq/x', api_key: 'k' } };
  assert.equal(good({ model_list: [entry(), groq], hxllm: { external: true } }).groups.length, 1);
});

test('an unset variable costs its own entry; without any other model the file is read all the same', () => {
  const waiting = entry({ api_base: 'os.environ/NOT_SET' }, { model_name: 'w' });
  assert.deepEqual(
    good({ model_list: [entry(), waiting] }).groups.map(({ name }) => name),
    ['m'],
  );
  assert.deepEqual(good({ model_list: [waiting] }).groups, []);
  assert.match(
    warnings({ model_list: [waiting] })[0] ?? '',
    /variable NOT_SET, found that it is not set; this entry is left out/,
  );
});

test('a left-out name is served by its first fallback that is here; the others stay its fallbacks', () => {
  const model_list = [cloud('cloud'), cloud('other'), entry({}, { model_name: 'a' }), entry({}, { model_name: 'b' })];
  const { groups, routing, aliases } = good({
    model_list,
    litellm_settings: { fallbacks: [{ cloud: ['other', 'nobody', 'a', 'b'] }, { a: ['cloud', 'b'] }] },
    router_settings: { model_group_alias: { gpt: 'cloud', lost: 'other', many: ['a', 'b'] } },
  });
  assert.deepEqual(
    groups.map(({ name, isFallback = false, deployments }) => [name, isFallback, deployments[0].id]),
    [
      ['a', false, 'a@http://a:11434#phi3:mini'],
      ['b', false, 'b@http://a:11434#phi3:mini'],
      ['cloud', true, 'cloud@http://a:11434#phi3:mini'],
    ],
  );
  assert.deepEqual(routing.fallbacks.get('cloud'), ['a', 'b']);
  assert.deepEqual(routing.fallbacks.get('a'), ['cloud', 'b']);
  assert.deepEqual([...aliases], [['gpt', 'cloud']]);
});

test('a star in fallbacks, and default_fallbacks, serve every name without its own, also those left out', () => {
  for (const given of [
    { router_settings: { fallbacks: [{ '*': ['m'] }] } },
    { litellm_settings: { default_fallbacks: ['m'] } },
  ]) {
    const { groups, routing } = good({
      model_list: [entry(), entry({}, { model_name: 'n' }), cloud('cloud')],
      ...given,
    });
    assert.deepEqual(Object.fromEntries(routing.fallbacks), { m: [], n: ['m'], cloud: ['m'] });
    assert.equal(groups[2]?.isFallback, true);
    assert.deepEqual(routing.generalFallbacks, ['m']);
  }
});

test('left-out names that refer to each other end', () => {
  const { groups } = good({
    model_list: [entry(), cloud('a'), cloud('b')],
    router_settings: { fallbacks: [{ a: ['b'] }, { b: ['a'] }] },
  });
  assert.deepEqual(
    groups.map(({ name }) => name),
    ['m'],
  );
});

test('hidden aliases are served and not listed', () => {
  const { aliases, hidden } = good({
    router_settings: { model_group_alias: { a: { model: 'm', hidden: true }, b: { model: 'm' } } },
  });
  assert.deepEqual([[...aliases.keys()], [...hidden]], [['a', 'b'], ['a']]);
});

test('LITELLM_MASTER_KEY is the key of a file without one; OLLAMA_API_BASE the address of an entry without one', () => {
  const bare = { model_list: [{ model_name: 'm', litellm_params: { model: 'ollama/m' } }] };
  const { config } = read(bare, { LITELLM_MASTER_KEY: 'sk-1', OLLAMA_API_BASE: 'http://b:1' });
  assert.ok(config?.masterKey.state === 'set' && config.masterKey.key.equals('sk-1'));
  assert.equal(config.groups[0]?.deployments[0].url, 'http://b:1');
  assert.equal(read(bare, { LITELLM_MASTER_KEY: '' }).config?.masterKey.state, 'none');
  assert.equal(read(bare).config?.groups[0]?.deployments[0].url, 'http://localhost:11434');
  const { config: own } = read({ ...bare, general_settings: { master_key: 'sk-2' } }, { LITELLM_MASTER_KEY: 'sk-1' });
  assert.ok(own?.masterKey.state === 'set' && own.masterKey.key.equals('sk-2'));
});

test('a key of the gateway that no header of a client can hold is refused', () => {
  const refusals = (key: string, previous = 'sk-1'): readonly string[] =>
    read(
      { model_list: [entry()], general_settings: { master_key: 'os.environ/KEY' } },
      { KEY: key, LITELLM_MASTER_KEY_PREVIOUS: previous },
    ).issues.map(({ code, path }) => `${code} ${path.join('.')}`);
  for (const key of ['sk-2\n', 'sk-2\r\n', ' sk-2', 'sk-\x072', ' '])
    assert.deepEqual(refusals(key), ['config.api-key-unsuitable general_settings.master_key'], JSON.stringify(key));
  assert.deepEqual(refusals('sk-2', 'sk-1\n'), ['config.api-key-unsuitable hxllm.master_key_previous']);
  assert.deepEqual(refusals('sk-2 \u20ac\t2'), []);
});

test('environment_variables of the file come before those of the process, and may refer to them', () => {
  const { config } = read(
    {
      environment_variables: { BASE: 'http://b:1', KEY: 'os.environ/OUTER', NONE: 'os.environ/NOT_SET', PORT: 7 },
      model_list: [
        entry({ api_base: 'os.environ/BASE', api_key: 'os.environ/KEY', num_ctx: 'os.environ/PORT' }),
        entry({ api_key: 'os.environ/NONE' }, { model_name: 'n' }),
      ],
    },
    { BASE: 'http://wrong', OUTER: 'sk-3' },
  );
  assert.partialDeepStrictEqual(config?.groups[0]?.deployments[0], { url: 'http://b:1', options: { num_ctx: 7 } });
  assert.ok(config?.groups[0]?.deployments[0].apiKey?.equals('sk-3') === true);
  assert.equal(config?.groups.length, 1);
});

test('custom_llm_provider and base_url mean what LiteLLM means; extra_body reaches Ollama', () => {
  assert.partialDeepStrictEqual(
    good({
      model_list: [
        {
          model_name: 'm',
          litellm_params: {
            model: 'qwen3:8b',
            custom_llm_provider: 'ollama_chat',
            base_url: 'http://b:1',
            extra_body: { options: { num_ctx: 16_384, stop: 'X' }, temperature: 0.5, keep_alive: '5m' },
          },
        },
      ],
    }).groups[0]?.deployments[0],
    {
      provider: 'ollama',
      model: 'qwen3:8b',
      url: 'http://b:1',
      keepAlive: '5m',
      options: { num_ctx: 16_384, stop: ['X'], temperature: 0.5 },
    },
  );
  assert.partialDeepStrictEqual(
    good({ model_list: [entry({ model: 'ollama/m', custom_llm_provider: 'openai' })] }).groups[0]?.deployments[0],
    { provider: 'openai', model: 'ollama/m' },
  );
});

test('LiteLLM’s own keys of an entry are no options of Ollama; each is named once for all entries', () => {
  const document = {
    model_list: [1, 2, 3].map(() =>
      entry({ cooldown_time: 30, supports_vision: true, input_cost_per_token: 0, max_input_tokens: 8, num_ctx: 4096 }),
    ),
  };
  assert.partialDeepStrictEqual(good(document).groups[0]?.deployments[0], { cooldownMs: 30_000 });
  assert.deepEqual(good(document).groups[0]?.deployments[0].options, { num_ctx: 4096 });
  assert.deepEqual(warnings(document), [
    "model_list[0].litellm_params.supports_vision: LiteLLM's supports_vision is not supported, ignored (in 3 entries)",
    "model_list[0].litellm_params.input_cost_per_token: LiteLLM's input_cost_per_token is not supported, ignored (in 3 entries)",
    "model_list[0].litellm_params.max_input_tokens: LiteLLM's max_input_tokens is not supported, ignored (in 3 entries)",
  ]);
});

test('a model of OpenAI’s needs no prefix if its entry has a server; another name without a prefix is left out', () => {
  const served = (model: string, more: object = {}, external = false): readonly string[] =>
    good({ model_list: [entry(), entry({ model, ...more }, { model_name: 'x' })], hxllm: { external } })
      .groups.filter(({ name }) => name === 'x')
      .flatMap(({ deployments }) => deployments.map((one) => `${one.provider} ${one.model} ${one.url}`));
  const base = { api_base: 'http://b:8000/v1' };
  for (const model of ['gpt-3.5-turbo', 'gpt-4o-mini', 'o1', 'o3-mini', 'chatgpt-4o-latest', 'text-embedding-3-small'])
    assert.deepEqual(served(model, base), [`openai ${model} http://b:8000/v1`]);
  for (const model of ['gpt-oss:20b', 'gpt-neo', 'llama2', 'o', 'olmo', 'gpt', 'claude-3-haiku'])
    assert.deepEqual(served(model, base), [], model);
  assert.deepEqual(served('gpt-4o', { api_base: undefined }), []);
  assert.deepEqual(served('gpt-4o', { api_base: undefined }, true), ['openai gpt-4o https://api.openai.com/v1']);
});

test('rpm, tpm and cooldown_time may stand beside litellm_params or in model_info, each in LiteLLM’s order', () => {
  const about = (params: object, beside: object): unknown => {
    const [first] = good({ model_list: [entry(params, beside)] }).groups[0]?.deployments ?? [];
    return [first?.rpm, first?.tpm, first?.cooldownMs];
  };
  assert.deepEqual(about({}, { rpm: 2, tpm: 20 }), [2, 20, undefined]);
  assert.deepEqual(about({ rpm: 1 }, { rpm: 2, model_info: { rpm: 3, tpm: 30, cooldown_time: 4 } }), [1, 30, 4000]);
  assert.deepEqual(about({ cooldown_time: 9 }, { model_info: { cooldown_time: 0 } }), [undefined, undefined, 0]);
  assert.deepEqual(warnings({ model_list: [entry({}, { rpm: 2 })] }), []);
  assert.deepEqual(warnings({ model_list: [entry(), entry({ cooldown_time: 'x' }, { rpm: 'often' })] }), [
    'model_list[1].rpm: expected a whole number of at least 0, found "often"; this entry is left out',
    'model_list[1].litellm_params.cooldown_time: expected a number of at least 0, found "x"; this entry is left out',
  ]);
});

test('a wrong name in a file of patterns alone is reported without an empty list', () => {
  const [said, ...more] = warnings({
    model_list: [entry({ model: 'ollama/*' }, { model_name: 'ollama/*' })],
    router_settings: { default_fallbacks: ['gone'] },
  });
  assert.deepEqual(more, []);
  assert.match(said ?? '', /expected a model_name that is served, found "gone"; this fallback is skipped/);
});
