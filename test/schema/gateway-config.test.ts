import assert from 'node:assert/strict';
import { test } from 'node:test';

import { read, entry, good, issuesOf } from './reading.ts';

test('the smallest document has every default', () => {
  const config = good({});
  assert.deepEqual(
    [config.listen, config.masterKey, config.open, config.strict, config.maxBodyBytes],
    [undefined, { state: 'none' }, false, false, 64 * 1024 * 1024],
  );
  assert.deepEqual(config.timeouts, {
    connectMs: 3000,
    firstByteMs: 600_000,
    streamFirstByteMs: undefined,
    loadMs: 600_000,
    idleMs: 120_000,
    wholeMs: 0,
    totalMs: 0,
    drainMs: 60_000,
    takeOverDrainMs: 600_000,
  });
  assert.deepEqual(config.routing, {
    strategy: undefined,
    limits: { requests: false, tokens: false },
    retries: 3,
    allowedFails: 3,
    cooldownMs: 5000,
    fallbacks: new Map(),
    contextFallbacks: new Map(),
    generalFallbacks: [],
  });
  assert.deepEqual(config.backends, [
    {
      url: 'http://a:11434',
      provider: 'ollama',
      apiKey: undefined,
      numParallel: undefined,
      maxLoadedModels: undefined,
    },
  ]);
});

test("the example of the guide's page is read in full", () => {
  const url = 'http://hx-llm01-server.dev-test.hana-x.ai:11434';
  const document = {
    model_list: [
      {
        model_name: 'phi3-3.8b',
        litellm_params: { model: 'ollama_chat/phi3:3.8b-mini-128k-instruct-q8_0', api_base: url },
      },
    ],
    router_settings: { routing_strategy: 'least-busy' },
    general_settings: { master_key: 'os.environ/LITELLM_MASTER_KEY' },
    hxllm: { listen: '0.0.0.0:4000', backends: { [url]: { num_parallel: 4, max_loaded_models: 2 } } },
  };
  const { config, issues } = read(document, { LITELLM_MASTER_KEY: 'sk-1' });
  assert.deepEqual(issues, []);
  assert.deepEqual(config?.listen, { host: '0.0.0.0', port: 4000 });
  assert.ok(config?.masterKey.state === 'set' && config.masterKey.key.reveal() === 'sk-1');
  assert.partialDeepStrictEqual(config.backends[0], { numParallel: 4, maxLoadedModels: 2 });
  assert.equal(config.groups[0]?.deployments[0].model, 'phi3:3.8b-mini-128k-instruct-q8_0');
});

test('entries of one name are a group; repeated entries get distinct ids', () => {
  const { groups } = good({
    model_list: [entry(), entry({ api_base: 'http://b:11434' }), entry(), entry({}, { model_name: 'n' })],
  });
  assert.deepEqual(
    groups.map(({ name, deployments }) => [name, deployments.map(({ id }) => id)]),
    [
      ['m', ['m@http://a:11434#phi3:mini', 'm@http://b:11434#phi3:mini', 'm@http://a:11434#phi3:mini#2']],
      ['n', ['n@http://a:11434#phi3:mini']],
    ],
  );
});

test('spellings of one URL are one backend; responses show the URL as written', () => {
  const { backends, groups } = good({
    model_list: [
      entry({ api_base: 'http://A:11434/' }),
      entry({ api_base: 'http://a:11434' }),
      entry({ api_base: 'http://bücher:11434' }),
    ],
  });
  assert.deepEqual(
    backends.map(({ url }) => url),
    ['http://a:11434', 'http://xn--bcher-kva:11434'],
  );
  assert.deepEqual(
    groups[0]?.deployments.map(({ writtenUrl }) => writtenUrl),
    ['http://A:11434/', 'http://a:11434', 'http://xn--bcher-kva:11434'],
  );
});

test("Ollama's options are kept, known ones in their type, unknown ones with a warning", () => {
  const document = {
    model_list: [entry({ num_ctx: '8192', temperature: 0, max_tokens: 99, keep_alive: '5m', mirostat: 2 })],
  };
  assert.deepEqual(good(document).groups[0]?.deployments[0].options, {
    num_predict: 99,
    num_ctx: 8192,
    temperature: 0,
    mirostat: 2,
  });
  assert.equal(good(document).groups[0]?.deployments[0].keepAlive, '5m');
  assert.deepEqual(issuesOf(document), ['warning config.unknown-key model_list[0].litellm_params.mirostat']);
});

test("LiteLLM's timeouts and hxllm's are each read into their own limit", () => {
  assert.partialDeepStrictEqual(good({ router_settings: { timeout: 30, stream_timeout: 5 } }).timeouts, {
    wholeMs: 30_000,
    streamFirstByteMs: 5000,
    firstByteMs: 600_000,
    loadMs: 600_000,
    totalMs: 0,
  });
  assert.partialDeepStrictEqual(
    good({ litellm_settings: { request_timeout: 7 }, hxllm: { timeouts: { total: 9, drain: 0, load: 8 } } }).timeouts,
    { wholeMs: 7000, totalMs: 9000, drainMs: 0, loadMs: 8000, streamFirstByteMs: undefined },
  );
  assert.partialDeepStrictEqual(
    good({ model_list: [entry({ timeout: 2, stream_timeout: 1 })] }).groups[0]?.deployments[0],
    { timeoutMs: 2000, streamTimeoutMs: 1000 },
  );
});

test('fallbacks are read from either section, by any name of a group; default ones are for groups without their own', () => {
  const model_list = ['a', 'b', 'c'].map((model_name) => entry({}, { model_name }));
  const { routing } = good({
    model_list,
    router_settings: { model_group_alias: { other: 'b' }, fallbacks: [{ a: ['other', 'a'] }] },
    litellm_settings: {
      fallbacks: [{ a: ['c'] }],
      default_fallbacks: ['c'],
      context_window_fallbacks: [{ other: ['c'] }],
    },
  });
  assert.deepEqual(Object.fromEntries(routing.fallbacks), { a: ['b'], b: ['c'], c: [] });
  assert.deepEqual(Object.fromEntries(routing.contextFallbacks), { b: ['c'] });
});

test('a deployment has its order and its limits per minute', () => {
  assert.partialDeepStrictEqual(
    good({ model_list: [entry({ rpm: 5, tpm: '100', order: 1 })] }).groups[0]?.deployments[0],
    { rpm: 5, tpm: 100, order: 1 },
  );
});

test('true and false may be written as in YAML 1.1', () => {
  assert.equal(good({ hxllm: { strict: 'yes', open: 'Off' } }).strict, true);
});

test("an api_base with the path of Ollama's API is its server, as in LiteLLM; other paths stay", () => {
  const urlOf = (api_base: string, model = 'ollama_chat/m'): unknown =>
    good({ model_list: [entry({ api_base, model })] }).groups[0]?.deployments[0].url;
  for (const path of ['/api/chat', '/api/generate', '/api/embed', '/api', '/api/chat/'])
    assert.equal(urlOf(`http://a:11434${path}`), 'http://a:11434', path);
  assert.equal(urlOf('http://a:11434/ollama/api/chat'), 'http://a:11434/ollama');
  assert.equal(urlOf('http://a:11434/ollama'), 'http://a:11434/ollama');
  assert.equal(urlOf('http://a:8000/api', 'openai/m'), 'http://a:8000/api');
});

test('an address that is refused is shown without its password, query and fragment', () => {
  for (const address of [
    'http://u:SECRET@a',
    'http://:SECRET@a',
    'http://x@SECRET@a',
    'http://u:SEC/RET@a',
    'http://a/?key=SECRET',
    'http://a/#SECRET',
  ]) {
    const { issues } = read({ model_list: [entry({ api_base: address })] });
    assert.ok(issues.length > 0, address);
    assert.doesNotMatch(JSON.stringify(issues), /SECRET|RET@/, address);
  }
});
