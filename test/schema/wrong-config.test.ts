import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pathText } from '../../src/schema/issue.ts';
import { read, entry, good, issuesOf } from './reading.ts';

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
  ...['phi3', 'ollama/', 'nowhere/phi3'].map((model): readonly [object, ...string[]] => [
    { model_list: [entry({ model })] },
    'warning config.provider-unsupported model_list[0].litellm_params.model',
    'error config.missing model_list',
  ]),
  [
    { model_list: [entry(), entry({ model: 'gpt-4o-mini', api_key: 'os.environ/OPENAI_API_KEY', api_base: null })] },
    'warning config.provider-unsupported model_list[1].litellm_params.model',
  ],
  [
    { model_list: [entry(), entry({}, { model_info: { mode: 'rerank' } })] },
    'warning config.wrong-value model_list[1].model_info.mode',
  ],
  [
    { model_list: [entry(), entry({ num_ctx: 'many', keep_alive: '300' })] },
    'warning config.wrong-value model_list[1].litellm_params.num_ctx',
    'warning config.wrong-value model_list[1].litellm_params.keep_alive',
  ],
  [
    { model_list: [entry(), entry({ api_key: 'os.environ/NOT_SET' })] },
    'warning config.environment-unset model_list[1].litellm_params.api_key',
  ],
  [
    { model_list: [entry({ api_base: 'os.environ/NOT_SET' })] },
    'warning config.environment-unset model_list[0].litellm_params.api_base',
  ],
  [
    { model_list: [entry(), entry({ api_key: 'sk-1\n' })] },
    'error config.api-key-unsuitable model_list[1].litellm_params.api_key',
  ],
  [
    { model_list: [entry(), entry({ api_base: 'http://user:secret@a:11434' })] },
    'error config.wrong-value model_list[1].litellm_params.api_base',
  ],
  [
    { model_list: [entry({ api_base: 'hx-llm01:11434' })] },
    'error config.wrong-value model_list[0].litellm_params.api_base',
  ],
  [
    { model_list: [entry({ api_base: 'http://:secret@a:11434' })] },
    'error config.wrong-value model_list[0].litellm_params.api_base',
  ],
  [
    { model_list: [entry({ api_base: 'http://a:11434/v1' })] },
    'warning config.api-base-of-v1 model_list[0].litellm_params.api_base',
  ],
  [{ model_list: [entry({ model: 'openai/m', api_base: 'http://a:8000/v1' })] }],
  [
    { model_list: [entry({ api_base: 'http://a:11434/V1' })] },
    'warning config.api-base-of-v1 model_list[0].litellm_params.api_base',
  ],
  [
    { model_list: [entry({ api_key: 'sk-1\n' })] },
    'error config.api-key-unsuitable model_list[0].litellm_params.api_key',
  ],
  [
    { model_list: [entry({ api_key: 'sk-\u20ac' })] },
    'error config.api-key-unsuitable model_list[0].litellm_params.api_key',
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
  [{ router_settings: { routing_strategy: 'fastest' } }, 'warning config.wrong-value router_settings.routing_strategy'],
  [
    { router_settings: { routing_strategy: 'cost-based-routing' } },
    'warning config.not-honoured router_settings.routing_strategy',
  ],
  [{ router_settings: { routing_strategy: 'latency-based-routing' } }],
  [{ model_list: [entry({ rpm: 5, tpm: '100', order: 1 })] }],
  [{ model_list: [entry({ rpm: -1 })] }, 'error config.wrong-value model_list[0].litellm_params.rpm'],
  [
    { router_settings: { fallbacks: [{ m: ['nobody'] }] } },
    'warning config.wrong-value router_settings.fallbacks[0].m[0]',
  ],
  [
    { router_settings: { fallbacks: [{ x: ['m'] }, 'm'] } },
    'warning config.wrong-value router_settings.fallbacks[0].x',
    'warning config.wrong-value router_settings.fallbacks[1]',
  ],
  [
    { litellm_settings: { context_window_fallbacks: [{ m: 'm' }], default_fallbacks: [7] } },
    'warning config.wrong-value litellm_settings.context_window_fallbacks[0].m',
    'warning config.wrong-value litellm_settings.default_fallbacks[0]',
  ],
  [
    { router_settings: { model_group_alias: { a: 'nobody' } } },
    'warning config.wrong-value router_settings.model_group_alias.a',
  ],
  [
    { router_settings: { model_group_alias: { a: ['m', 'm'] } } },
    'warning config.wrong-value router_settings.model_group_alias.a',
  ],
  [
    { general_settings: { database_url: 'os.environ/NOT_SET' } },
    'warning config.environment-unset general_settings.database_url',
  ],
  [{ hxllm: { listen: 'os.environ/NOT_SET' } }, 'error config.environment-unset hxllm.listen'],
  [{ general_settings: { master_key: 7 } }, 'error config.wrong-value general_settings.master_key'],
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
  ...[0, 1.5, 'two', -1].map(
    (max_loaded_models) =>
      [
        { hxllm: { backends: { 'http://a:11434': { max_loaded_models } } } },
        'error config.wrong-value hxllm.backends["http://a:11434"].max_loaded_models',
      ] as const,
  ),
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

test('an error shows no secret, and no password of a URL', () => {
  const { issues } = read({
    model_list: [entry({ api_key: 7, api_base: 'http://user:hunter2@a:1' })],
    general_settings: { master_key: 12_345 },
  });
  const text = JSON.stringify(issues);
  assert.equal(issues.length, 3, text);
  assert.doesNotMatch(text, /hunter2|12345|12_345/);
});

test('an origin has the form that browsers send; a star is refused', () => {
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

test('one stop sequence becomes a list: Ollama accepts only lists', () => {
  assert.deepEqual(good({ model_list: [entry({ stop: 'END' })] }).groups[0]?.deployments[0].options, { stop: ['END'] });
  assert.deepEqual(good({ model_list: [entry({ stop: ['a', 'b'] })] }).groups[0]?.deployments[0].options, {
    stop: ['a', 'b'],
  });
});

test('an unknown key is answered with the nearest known name of its section', () => {
  const rows: readonly (readonly [document: object, message: string, fix: string])[] = [
    [
      { router_settings: { cooldwn_time: 5 } },
      'unknown key cooldwn_time, ignored. Did you mean cooldown_time?',
      'rename router_settings.cooldwn_time to cooldown_time, or remove it',
    ],
    [
      { modle_list: [] },
      'unknown key modle_list, ignored. Did you mean model_list?',
      'rename modle_list to model_list, or remove it',
    ],
    [
      { hxllm: { timeouts: { conect: 1 } } },
      'unknown key conect, ignored. Did you mean connect?',
      'rename hxllm.timeouts.conect to connect, or remove it',
    ],
    [
      { hxllm: { backends: { 'http://a:11434': { num_paralel: 2 } } } },
      'unknown key num_paralel, ignored. Did you mean num_parallel?',
      'rename hxllm.backends["http://a:11434"].num_paralel to num_parallel, or remove it',
    ],
    [
      { hxllm: { backends: { 'http://a:11343': { num_parallel: 2 } } } },
      'unknown key http://a:11343, ignored: no entry of model_list has this api_base. Did you mean http://a:11434?',
      'rename hxllm.backends["http://a:11343"] to http://a:11434, or remove it',
    ],
    [
      { model_list: [entry({ temprature: 1 })] },
      'unknown key temprature, sent to Ollama as an option. Did you mean temperature?',
      'rename model_list[0].litellm_params.temprature to temperature, or remove it',
    ],
    [
      { model_list: [entry({}, { model_nmae: 'x' })] },
      'unknown key model_nmae, ignored. Did you mean model_name?',
      'rename model_list[0].model_nmae to model_name, or remove it',
    ],
    [
      { model_list: [entry({ mirostat: 2 })] },
      'unknown key mirostat, sent to Ollama as an option',
      'check the spelling of model_list[0].litellm_params.mirostat, or remove it',
    ],
    [
      { litellm_settings: { frobnicate: true } },
      'unknown key frobnicate, ignored',
      'check the spelling of litellm_settings.frobnicate, or remove it',
    ],
  ];
  for (const [document, message, fix] of rows)
    assert.deepEqual(
      read({ model_list: [entry()], ...document }).issues.map((issue) => [issue.code, issue.message, issue.fix]),
      [['config.unknown-key', message, fix]],
    );
});
