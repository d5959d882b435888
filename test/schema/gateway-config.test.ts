import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGatewayConfig, type GatewayConfig } from '../../src/schema/gateway-config.ts';
import { pathText, type Issue } from '../../src/schema/issue.ts';

interface Read {
  readonly config?: GatewayConfig;
  readonly issues: readonly Issue[];
}

const read = (document: unknown, environment: Record<string, string> = {}): Read =>
  readGatewayConfig(document, { environment, unset: 'error' });
const entry = (params: object = {}, more: object = {}): object => ({
  model_name: 'm',
  litellm_params: { model: 'ollama_chat/phi3:mini', api_base: 'http://a:11434', ...params },
  ...more,
});

function good(document: object): GatewayConfig {
  const { config, issues } = read({ model_list: [entry()], ...document });
  assert.ok(config !== undefined, JSON.stringify(issues));
  return config;
}

function issuesOf(document: object): readonly string[] {
  return read({ model_list: [entry()], ...document }).issues.map(
    ({ severity, code, path }) => `${severity} ${code} ${pathText(path)}`,
  );
}

test('the smallest document has every default', () => {
  const config = good({});
  assert.deepEqual(
    [config.listen, config.masterKey, config.open, config.strict, config.maxBodyBytes],
    [undefined, { state: 'none' }, false, false, 64 * 1024 * 1024],
  );
  assert.deepEqual(config.timeouts, {
    connectMs: 3000,
    firstByteMs: 600_000,
    idleMs: 120_000,
    wholeMs: 0,
    totalMs: 0,
    drainMs: 60_000,
  });
  assert.deepEqual(config.routing, {
    strategy: 'least-busy',
    retries: 3,
    allowedFails: 3,
    cooldownMs: 5000,
    fallbacks: new Map(),
    contextFallbacks: new Map(),
  });
  assert.deepEqual(config.backends, [
    { url: 'http://a:11434', provider: 'ollama', apiKey: undefined, numParallel: undefined },
  ]);
});

test("what the guide's page shows is read as meant", () => {
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
    hxllm: { listen: '0.0.0.0:4000', backends: { [url]: { num_parallel: 4 } } },
  };
  const { config, issues } = read(document, { LITELLM_MASTER_KEY: 'sk-1' });
  assert.deepEqual(issues, []);
  assert.deepEqual(config?.listen, { host: '0.0.0.0', port: 4000 });
  assert.ok(config?.masterKey.state === 'set' && config.masterKey.key.reveal() === 'sk-1');
  assert.equal(config.backends[0]?.numParallel, 4);
  assert.equal(config.groups[0]?.deployments[0].model, 'phi3:3.8b-mini-128k-instruct-q8_0');
});

test('entries of one name are a group; the same entry twice is told apart', () => {
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

test('one server is one, however its address is written; replies show it as written', () => {
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

test("LiteLLM's limits and hxllm's each have their meaning", () => {
  assert.partialDeepStrictEqual(good({ router_settings: { timeout: 30, stream_timeout: 5 } }).timeouts, {
    wholeMs: 30_000,
    firstByteMs: 5000,
    totalMs: 0,
  });
  assert.partialDeepStrictEqual(
    good({ litellm_settings: { request_timeout: 7 }, hxllm: { timeouts: { total: 9, drain: 0 } } }).timeouts,
    { wholeMs: 7000, totalMs: 9000, drainMs: 0 },
  );
  assert.partialDeepStrictEqual(
    good({ model_list: [entry({ timeout: 2, stream_timeout: 1 })] }).groups[0]?.deployments[0],
    { timeoutMs: 2000, streamTimeoutMs: 1000 },
  );
});

test('fallbacks are read from either section, by every name of a group, and the default ones are for those without', () => {
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

test('a deployment has its order and what it may be sent in a minute', () => {
  assert.partialDeepStrictEqual(
    good({ model_list: [entry({ rpm: 5, tpm: '100', order: 1 })] }).groups[0]?.deployments[0],
    { rpm: 5, tpm: 100, order: 1 },
  );
});

test('true and false may be written as in YAML 1.1', () => {
  assert.equal(good({ hxllm: { strict: 'yes', open: 'Off' } }).strict, true);
});

const WRONG: readonly (readonly [document: object, ...issues: string[]])[] = [
  [{ model_list: undefined }, 'error config.missing model_list'],
  [{ model_list: [] }, 'error config.missing model_list'],
  [{ model_list: { m: 1 } }, 'error config.wrong-value model_list', 'error config.missing model_list'],
  [
    { model_list: ['m'] },
    'error config.wrong-value model_list[0]',
    'error config.missing model_list[0].model_name',
    'error config.missing model_list[0].litellm_params',
  ],
  [{ model_list: [entry({ model: 'phi3' })] }, 'error config.wrong-value model_list[0].litellm_params.model'],
  [{ model_list: [entry({ model: 'ollama/' })] }, 'error config.wrong-value model_list[0].litellm_params.model'],
  [
    { model_list: [entry({ api_base: 'hx-llm01:11434' })] },
    'error config.wrong-value model_list[0].litellm_params.api_base',
  ],
  [{ model_list: [entry({ keep_alive: '300' })] }, 'error config.wrong-value model_list[0].litellm_params.keep_alive'],
  [
    { model_list: [entry(), { model_name: 'x', litellm_params: { model: 'anthropic/claude', api_key: 'k' } }] },
    'warning config.provider-unsupported model_list[1].litellm_params.model',
  ],
  [
    { model_list: [{ model_name: 'x', litellm_params: { model: 'anthropic/claude', api_key: 'k' } }] },
    'warning config.provider-unsupported model_list[0].litellm_params.model',
    'error config.missing model_list',
  ],
  [{ router_settings: { routing_strategy: 'fastest' } }, 'error config.wrong-value router_settings.routing_strategy'],
  [
    { router_settings: { routing_strategy: 'cost-based-routing' } },
    'warning config.not-honoured router_settings.routing_strategy',
  ],
  [{ router_settings: { routing_strategy: 'latency-based-routing' } }],
  [{ model_list: [entry({ rpm: 5, tpm: '100', order: 1 })] }],
  [{ model_list: [entry({ rpm: -1 })] }, 'error config.wrong-value model_list[0].litellm_params.rpm'],
  [
    { router_settings: { fallbacks: [{ m: ['nobody'] }] } },
    'error config.wrong-value router_settings.fallbacks[0].m[0]',
  ],
  [
    { router_settings: { fallbacks: [{ x: ['m'] }, 'm'] } },
    'error config.wrong-value router_settings.fallbacks[0].x',
    'error config.wrong-value router_settings.fallbacks[1]',
  ],
  [
    { litellm_settings: { context_window_fallbacks: [{ m: 'm' }], default_fallbacks: [7] } },
    'error config.wrong-value litellm_settings.context_window_fallbacks[0].m',
    'error config.wrong-value litellm_settings.default_fallbacks[0]',
  ],
  [
    { router_settings: { model_group_alias: { a: 'nobody' } } },
    'error config.wrong-value router_settings.model_group_alias.a',
  ],
  [{ router_settings: { redis_host: 'x' } }, 'warning config.not-honoured router_settings.redis_host'],
  [{ hxllm: { max_body_mib: 0 } }, 'error config.wrong-value hxllm.max_body_mib'],
  [{ hxllm: { listen: '4000' } }, 'error config.wrong-value hxllm.listen'],
  [{ hxllm: { listen: 'a:70000' } }, 'error config.wrong-value hxllm.listen'],
  [
    { hxllm: { backends: { 'http://b:1': { num_parallel: 2 } } } },
    'warning config.unknown-key hxllm.backends["http://b:1"]',
  ],
  [
    { hxllm: { backends: { 'http://a:11434': { num_parallel: 0 } } } },
    'error config.wrong-value hxllm.backends["http://a:11434"].num_parallel',
  ],
  [{ hxllm: { timeouts: { idle: -1 } } }, 'error config.wrong-value hxllm.timeouts.idle'],
  [{ modle_list: [] }, 'warning config.unknown-key modle_list'],
  [
    { general_settings: { master_key: 'os.environ/NOT_SET' } },
    'error config.environment-unset general_settings.master_key',
  ],
  [
    JSON.parse('{"__proto__": {"x": 1}, "constructor": 1}') as object,
    'warning config.unknown-key __proto__',
    'warning config.unknown-key constructor',
  ],
];

for (const [document, ...issues] of WRONG) {
  test(`${JSON.stringify(document).slice(0, 120)}: ${issues.join('; ')}`, () => {
    const given = { model_list: [entry()], ...document };
    assert.deepEqual(
      read(given)
        .issues.map(({ severity, code, path }) => `${severity} ${code} ${pathText(path)}`)
        .toSorted(),
      [...issues].toSorted(),
    );
  });
}

test('an error shows no secret, and no password of an address', () => {
  const { issues } = read({
    model_list: [entry({ api_key: 7, api_base: 'http://user:hunter2@a:1' })],
    general_settings: { master_key: 12_345 },
  });
  const text = JSON.stringify(issues);
  assert.equal(issues.length, 3, text);
  assert.doesNotMatch(text, /hunter2|12345|12_345/);
});

test('an origin is one as browsers send it, and a star is none', () => {
  assert.deepEqual(
    [...good({ hxllm: { origins: ['https://chat.example', 'http://localhost:3000'] } }).origins],
    ['https://chat.example', 'http://localhost:3000'],
  );
  for (const origin of ['*', 'chat.example', 'https://chat.example/', 'https://chat.example/app', 'null', 7])
    assert.deepEqual(
      issuesOf({ hxllm: { origins: [origin] } }),
      ['error config.wrong-value hxllm.origins[0]'],
      String(origin),
    );
});

test('one stop sequence becomes a list, which is all that Ollama takes', () => {
  assert.deepEqual(good({ model_list: [entry({ stop: 'END' })] }).groups[0]?.deployments[0].options, { stop: ['END'] });
  assert.deepEqual(good({ model_list: [entry({ stop: ['a', 'b'] })] }).groups[0]?.deployments[0].options, {
    stop: ['a', 'b'],
  });
});
