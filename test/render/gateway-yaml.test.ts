import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { isMarked } from '../../src/core/mark.ts';
import { buildGatewayConfig, writeGatewayConfig } from '../../src/render/gateway-yaml.ts';
import { configYamlSchema } from '../../src/schema/document-schema.ts';
import { readGatewayConfig } from '../../src/schema/gateway-config.ts';
import type { ConfigYaml } from '../../src/schema/config-yaml.ts';
import { assertValid } from '../json-schema.ts';
import { backend, model, settings } from './settings.ts';

function build(over: Parameters<typeof settings>[0]): ConfigYaml {
  const built = buildGatewayConfig(settings(over));
  assert.ok(built.ok);
  return built.value;
}

test('each model on each backend of its list is an entry, in that order', () => {
  const config = build({
    models: [
      model('chat', { model: 'phi3:3.8b', numCtx: 8192, keepAlive: '10m', options: { temperature: 0.2 } }),
      model('embed', { mode: 'embedding', backends: ['http://b:1'] }),
    ],
    backends: [backend('http://a:1', 4), backend('http://b:1')],
  });
  assert.deepEqual(config, {
    model_list: [
      {
        model_name: 'chat',
        litellm_params: {
          model: 'ollama_chat/phi3:3.8b',
          api_base: 'http://a:1',
          num_ctx: 8192,
          keep_alive: '10m',
          temperature: 0.2,
        },
      },
      {
        model_name: 'chat',
        litellm_params: {
          model: 'ollama_chat/phi3:3.8b',
          api_base: 'http://b:1',
          num_ctx: 8192,
          keep_alive: '10m',
          temperature: 0.2,
        },
      },
      {
        model_name: 'embed',
        litellm_params: { model: 'ollama/embed:latest', api_base: 'http://b:1' },
        model_info: { mode: 'embedding' },
      },
    ],
    router_settings: { routing_strategy: 'least-busy' },
    general_settings: { master_key: 'os.environ/LITELLM_MASTER_KEY' },
    hxllm: { listen: '0.0.0.0:4000', state_dir: '/var/lib/litellm', backends: { 'http://a:1': { num_parallel: 4 } } },
  });
});

test('a backend has the settings that are stated', () => {
  const backends = [
    { ...backend('http://a:1'), maxLoadedModels: 2 },
    { ...backend('http://b:1', 4), maxLoadedModels: 1 },
    backend('http://c:1'),
  ];
  assert.deepEqual(build({ models: [model('a')], backends }).hxllm?.backends, {
    'http://a:1': { max_loaded_models: 2 },
    'http://b:1': { num_parallel: 4, max_loaded_models: 1 },
  });
});

test('the gateway’s schema reads the written file as the desired configuration', () => {
  const text = writeGatewayConfig(
    build({ models: [model('a', { numCtx: 4096 }), model('b', { mode: 'embedding' })], listen: '::', port: 4100 }),
    '/opt/a folder#1/config.schema.json',
  );
  assert.ok(isMarked(text));
  // A language server takes it up to the first blank.
  assert.equal(text.split('\n')[1], '# yaml-language-server: $schema=file:///opt/a%20folder%231/config.schema.json');
  assertValid(configYamlSchema(), parse(text));
  const { config, issues } = readGatewayConfig(parse(text), {
    environment: { LITELLM_MASTER_KEY: 'sk-1' },
  });
  assert.deepEqual(issues, []);
  assert.deepEqual(config?.listen, { host: '::', port: 4100 });
  assert.deepEqual(
    config.groups.map((group) => [group.name, group.deployments.map((one) => one.url)]),
    [
      ['a', ['http://llm01:11434', 'http://llm02:11434']],
      ['b', ['http://llm01:11434', 'http://llm02:11434']],
    ],
  );
  assert.equal(config.groups[1]?.deployments[0].mode, 'embedding');
});

test('any text is read back unchanged by YAML 1.2, and by 1.1 as in LiteLLM', () => {
  const word = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc.constantFrom(
      'yes',
      'on',
      'null',
      '1e3',
      '0x10',
      '1:20',
      '~',
      '- a',
      '# b',
      '{{x}}',
      '*a',
      '2026-01-01',
      '012',
      '"',
      "'\n  x",
    ),
  );
  fc.assert(
    fc.property(word, word, (name, option) => {
      const config = build({ models: [model(name, { options: { stop: option } })], backends: [backend('http://a:1')] });
      const text = writeGatewayConfig(config, '/opt/litellm/current/config.schema.json');
      assert.deepEqual(parse(text), config);
      assert.deepEqual(parse(text, { version: '1.1' }), config);
    }),
    { numRuns: 500 },
  );
});

test('without models or backends the Problem names the missing variable', () => {
  const built = buildGatewayConfig(settings({ backends: undefined }));
  assert.ok(!built.ok);
  assert.equal(built.problems[0].summary, 'litellm_backends is not defined');
});
