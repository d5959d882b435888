import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { BACKEND_KEYS, MODEL_KEYS, VARIABLES } from '../../../src/config/variables/variables.ts';
import { variablesSchema } from '../../../src/config/variables/variables-schema.ts';
import { templateText } from '../../../src/render/template.ts';
import type { VariableRecord } from '../../../src/config/variables/variable-type.ts';
import { certificateText } from '../../certificates/certificates.ts';
import { schemaErrors, undescribed } from '../../json-schema.ts';
import { hostOf, Tree } from '../tree.ts';
import { MAIN } from './judged.ts';

const SCHEMA = variablesSchema();
const BACKEND = 'http://llm01.example.net:11434';
/** The variables that the others refer to. */
const BASE = { litellm_backends: [BACKEND, 'http://llm02.example.net:11434'] };
const RECORDS: Readonly<Record<string, Readonly<Record<string, VariableRecord>>>> = {
  '': VARIABLES,
  'litellm_models[].': MODEL_KEYS,
  'litellm_backends[].': BACKEND_KEYS,
};
const ALL = Object.entries(RECORDS).flatMap(([within, records]) =>
  Object.entries(records).map(([name, record]) => ({ within, name, record, title: `${within}${name}` })),
);

/** The variables with one key set. */
function withKey(within: string, name: string, value: unknown): Record<string, unknown> {
  if (within === '') return { ...BASE, [name]: value };
  return within.startsWith('litellm_models')
    ? { ...BASE, litellm_models: [{ name: 'a', model: 'b', [name]: value }] }
    : { litellm_backends: [{ url: BACKEND, [name]: value }] };
}

/** The settings of a host with these variables. */
async function settingsOf(variables: object): Promise<object> {
  using tree = new Tree({
    'inventories/dev.ini': '[litellm]\nh\n',
    [MAIN]: stringify(variables),
    [VARIABLES.litellm_ca_file.example]: certificateText('ca.pem'),
    [`${VARIABLES.litellm_templates_dir.example}/litellm.env`]: templateText('litellm.env'),
  });
  return hostOf(await tree.load()).settings;
}

test('each variable and key has its meaning in whole sentences', () => {
  for (const { record, title } of ALL) assert.match(record.meaning, /^[A-Z][\s\S]*\.$/, title);
  assert.deepEqual(undescribed(SCHEMA), []);
});

test('a documented default is what an absent variable means', async () => {
  const withDefault = ALL.filter(({ record }) => record.default !== undefined);
  assert.ok(withDefault.length > 10);
  for (const { within, name, record, title } of withDefault) {
    const absent = await settingsOf(withKey(within, name, undefined));
    assert.deepEqual(await settingsOf(withKey(within, name, record.default)), absent, title);
  }
});

test('a documented example is read, and is valid', async () => {
  const withExample = ALL.filter(({ record }) => record.example !== undefined);
  assert.ok(withExample.length > 5);
  // Neither of these has a meaning without the other one.
  const pair = {
    litellm_tls_cert: VARIABLES.litellm_tls_cert.example,
    litellm_tls_key: VARIABLES.litellm_tls_key.example,
  };
  for (const { within, name, record } of withExample)
    await settingsOf({ ...(name in pair ? pair : {}), ...withKey(within, name, record.example) });
});

test('the schema refuses what the settings refuse', async () => {
  for (const [name, value] of [
    ['litellm_port', 70_000],
    ['litellm_port', 'four'],
    ['litellm_port', null],
    ['litellm_listen', 'localhost'],
    ['litellm_user', 'root'],
    ['litellm_user', 'Lite LLM'],
    ['litellm_config_dir', 'etc'],
    ['litellm_routing_strategy', 'fastest'],
    ['litellm_service_manager', 'runit'],
    ['litellm_require_domain_join', 'perhaps'],
    ['litellm_backends', []],
    ['litellm_backends', 'http://a:1'],
    ['litellm_backends', ['a:11434']],
    ['litellm_backends', [{ num_parallel: 2 }]],
    ['litellm_backends', [{ url: BACKEND, num_parallel: 0 }]],
    ['litellm_backends', [{ url: BACKEND, max_loaded_models: 0 }]],
    ['litellm_models', [{ name: 'a' }]],
    ['litellm_models', [{ name: 'a', modle: 'b' }]],
    ['litellm_models', [{ name: 'a b', model: 'c' }]],
    ['litellm_models', [{ name: 'a', model: 'b', mode: 'chatty' }]],
    ['litellm_models', [{ name: 'a', model: 'b', keep_alive: 'a while' }]],
    ['litellm_modles', [{ name: 'a', model: 'b' }]],
  ] as const) {
    const variables = { [name]: value };
    assert.notDeepEqual(schemaErrors(SCHEMA, variables), [], JSON.stringify(variables));
    await assert.rejects(settingsOf(variables), JSON.stringify(variables));
  }
});

test('templates, encrypted values, spellings of Ansible and other variables are valid', () => {
  const variables = {
    my_models: 7,
    litellm_models: '{{ my_models }}',
    litellm_port: '{{ port | default(4000) }}',
    litellm_require_domain_join: 'Yes',
    litellm_routing_strategy: '{{ strategy }}',
    litellm_master_key: '$ANSIBLE_VAULT;1.1;AES256\n3034\n',
  };
  assert.deepEqual(schemaErrors(SCHEMA, variables), []);
  assert.deepEqual(schemaErrors(SCHEMA, null), []);
});
