import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isObject } from '../../src/core/json.ts';
import { configYamlSchema } from '../../src/schema/document-schema.ts';
import { readGatewayConfig, type GatewayConfig } from '../../src/schema/gateway-config.ts';
import { DOCUMENT } from '../../src/schema/sections/sections.ts';
import { schemaErrors, undescribed } from '../json-schema.ts';
import { entry, read } from './reading.ts';

const SCHEMA = configYamlSchema();
const URL = 'http://a:11434';

/** A document that has every mapping of the format, each without keys that have a default. */
function everyMapping(): Record<string, unknown> {
  return {
    model_list: [{ ...entry(), model_info: {} }],
    router_settings: {},
    litellm_settings: {},
    // The keys of clients need a master key.
    general_settings: { master_key: 'sk-0123456789abcdef0123' },
    hxllm: {
      keys: [{ alias: 'a', hash: 'ab'.repeat(32) }],
      teams: [{ alias: 'research' }],
      end_user_limits: {},
      backends: { [URL]: {} },
      context: {},
      usage: {},
      timeouts: {},
      tls: { cert: '/c.pem', key: '/k.pem' },
    },
  };
}

/** The mapping at a path of a document; `*` is the first entry. */
function mappingAt(document: Record<string, unknown>, path: readonly string[]): Record<string, unknown> {
  let at: unknown = document;
  for (const step of path)
    at = Array.isArray(at) ? at[0] : isObject(at) ? (step === '*' ? Object.values(at)[0] : at[step]) : undefined;
  assert.ok(isObject(at), path.join('.'));
  return at; // `isObject` says that it may not be changed; this one was made above.
}

const KEYS = DOCUMENT.flatMap(({ path, keys }) =>
  Object.entries(keys).map(([name, key]) => ({ path, name, key, title: [...path, name].join('.') })),
);

test('each key has its meaning in whole sentences', () => {
  for (const { key, title } of KEYS) assert.match(key.meaning, /^[A-Z][\s\S]*\.$/, title);
  assert.deepEqual(undescribed(SCHEMA), []);
});

/** A configuration without the words of its entries, which `/model/info` repeats. */
function effect(config: GatewayConfig | undefined): object {
  const groups = config?.groups.map((group) => ({
    ...group,
    deployments: group.deployments.map(({ listed: _listed, ...deployment }) => deployment),
  }));
  return { ...config, groups };
}

test('a documented default is what a key that is absent means', () => {
  const without = read(everyMapping()).config;
  assert.ok(without !== undefined);
  const withDefault = KEYS.filter(({ key }) => key.default !== undefined);
  assert.ok(withDefault.length > 15);
  for (const { path, name, key, title } of withDefault) {
    const document = everyMapping();
    mappingAt(document, path)[name] = key.default;
    const { config, issues } = read(document);
    assert.deepEqual([issues, effect(config)], [[], effect(without)], title);
  }
});

test('a documented example is read without an issue about itself, and is valid', () => {
  const withExample = KEYS.filter(({ key }) => key.example !== undefined);
  assert.ok(withExample.length > 5);
  for (const { path, name, key, title } of withExample) {
    const document = everyMapping();
    mappingAt(document, path)[name] = key.example;
    assert.deepEqual(schemaErrors(SCHEMA, document), [], title);
    assert.deepEqual(
      read(document, { LITELLM_MASTER_KEY: 'sk-1', BACKEND_KEY: 'k' }).issues.filter(
        ({ severity, message }) => severity === 'error' && !message.includes('one of the model_name values'),
      ),
      [],
      title,
    );
  }
});

test('keys with a number, a flag or a word take the same values in the schema as in the gateway', () => {
  const samples = [0, 1, -1, -3, 0.5, '5', '0.5', 'x', '', true, 'yes', 'No', 'key', 'least-busy', '5m', [], {}];
  const plain = KEYS.filter(({ key }) => {
    const { type, anyOf } = key.kind.schema;
    return anyOf !== undefined || [type].flat().some((one) => ['number', 'integer', 'boolean'].includes(one ?? ''));
  });
  for (const { path, name, key, title } of plain) {
    for (const sample of samples) {
      const document = everyMapping();
      mappingAt(document, path)[name] = sample;
      const accepted = key.kind.read(sample) !== undefined;
      const valid = schemaErrors(SCHEMA, document).length === 0;
      // A number in quotes is not compared with a limit, nor held to be whole.
      if (typeof sample === 'string' && /^[\d.]+$/.test(sample)) assert.ok(valid || !accepted, `${title}: "${sample}"`);
      else assert.equal(valid, accepted, `${title}: ${JSON.stringify(sample)}`);
    }
  }
});

const REFUSED: readonly object[] = [
  {},
  { model_list: [] },
  { model_list: [{ model_name: 'm' }] },
  { model_list: [{ litellm_params: { model: 'ollama/x' } }] },
  { model_list: [entry({ api_base: 'a:11434' })] },
  { model_list: [entry()], modle_list: [] },
  { model_list: [entry()], router_settings: { fallback: [] } },
  { model_list: [entry()], router_settings: { fallbacks: [{ m: 'n' }] } },
  { model_list: [entry()], hxllm: { timeouts: { idel: 1 } } },
  { model_list: [entry()], hxllm: { context: { moost: 1 } } },
  { model_list: [entry()], hxllm: { context: 'grow' } },
  { model_list: [entry()], hxllm: { state_dir: 'state' } },
  { model_list: [entry()], hxllm: { backends: { [URL]: { num_paralel: 1 } } } },
  { model_list: [entry()], hxllm: 'open' },
];

test('the schema refuses what is missing, misspelled, or of another kind', () => {
  for (const document of REFUSED) {
    assert.notDeepEqual(schemaErrors(SCHEMA, document), [], JSON.stringify(document));
    assert.notDeepEqual(read(document).issues, [], JSON.stringify(document));
  }
});

test('null, references to the environment, Ollama’s options and LiteLLM’s own keys are valid', () => {
  const document = {
    model_list: [
      entry({ rpm: null, num_ctx: 'os.environ/NUM_CTX', mirostat: 1, max_retries: 2 }, { model_info: { id: 1 } }),
    ],
    hxllm: { open: 'os.environ/OPEN', metrics: 'os.environ/METRICS', timeouts: null, backends: { [URL]: null } },
    general_settings: { database_url: 'postgresql://x' },
  };
  assert.deepEqual(schemaErrors(SCHEMA, document), []);
  const environment = { NUM_CTX: '4096', OPEN: 'yes', METRICS: 'off' };
  assert.ok(readGatewayConfig(document, { environment }).config !== undefined);
});
