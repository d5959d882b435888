import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { lookupsOf } from '../../../src/gateway/model-names.ts';
import { good } from '../../schema/reading.ts';

const HASH = apiKeyHash('sk-one');
const entryOf = (model_name: string, ...access_groups: readonly string[]): object => ({
  model_name,
  litellm_params: { model: `ollama_chat/${model_name.replace('*', '')}x`, api_base: 'http://a:11434' },
  model_info: { access_groups },
});

/** The names that exist for a key with these `models`, in a team with those of the team. */
function namesFor(models: readonly string[] | undefined, team?: readonly string[], name = 'other'): readonly string[] {
  const config = good({
    model_list: [
      entryOf('phi3', 'small'),
      entryOf('llama3:8b', 'small'),
      entryOf('llama3:70b', 'phi3'),
      entryOf('one-*'),
      { model_name: 'gpt-4', litellm_params: { model: 'azure/gpt-4' } },
    ],
    router_settings: {
      model_group_alias: { other: 'phi3', big: { model: 'llama3:70b', hidden: true } },
      fallbacks: [{ 'gpt-4': ['llama3:70b'] }],
    },
    general_settings: { master_key: 'sk-0123456789abcdef0123' },
    hxllm: {
      keys: [{ alias: 'a', hash: HASH, models, ...(team === undefined ? {} : { team: 'research' }) }],
      teams: [{ alias: 'research', models: team }, { alias: name }],
    },
  });
  const lookups = lookupsOf(config);
  const names = lookups.namesFor(config.keys[0]);
  const asked = ['phi3', 'llama3:8b', 'llama3:70b', 'other', 'big', 'one-1', 'one-2', 'gpt-4', 'ollama_chat/phi3x'];
  for (const one of asked)
    if (names.listed.includes(one)) assert.ok(names.groupOf(one) !== undefined, `${one} is listed and served`);
  return asked.filter((one) => names.groupOf(one) !== undefined);
}

const ALL = ['phi3', 'llama3:8b', 'llama3:70b', 'other', 'big', 'one-1', 'one-2', 'gpt-4', 'ollama_chat/phi3x'];

test('a key without a list may use all models', () => {
  assert.deepEqual(namesFor(undefined), ALL);
  assert.deepEqual(namesFor([]), ALL);
  assert.deepEqual(namesFor(['phi3', 'all-proxy-models']), ALL);
  assert.deepEqual(namesFor(undefined, []), ALL);
});

test('a list has names, patterns and access groups; an alias needs its own name or that of its model', () => {
  assert.deepEqual(namesFor(['phi3']), ['phi3', 'llama3:70b', 'other', 'big'], 'phi3 is a model and an access group');
  assert.deepEqual(namesFor(['other']), ['other']);
  assert.deepEqual(namesFor(['small']), ['phi3', 'llama3:8b', 'other']);
  assert.deepEqual(namesFor(['llama3:*']), ['llama3:8b', 'llama3:70b', 'big']);
  assert.deepEqual(namesFor(['*']), ALL);
  assert.deepEqual(namesFor(['l.ama3:8b', 'llama3']), [], 'a pattern is no regular expression');
  assert.deepEqual(namesFor(['one-*']), ['one-1', 'one-2']);
  assert.deepEqual(namesFor(['one-2']), ['one-2']);
  assert.deepEqual(namesFor(['ollama_chat/*']), ['ollama_chat/phi3x']);
  assert.deepEqual(namesFor(['no-default-models']), []);
  assert.deepEqual(namesFor(['no-default-models', 'other']), ['other']);
});

test('a name that only a fallback serves needs the model that serves it', () => {
  assert.deepEqual(namesFor(['gpt-4']), []);
  assert.deepEqual(namesFor(['gpt-4', 'llama3:70b']), ['llama3:70b', 'big', 'gpt-4']);
});

test('key and team must both allow; all-team-models leaves it to the team', () => {
  assert.deepEqual(namesFor(['phi3', 'one-1'], ['small', 'one-*']), ['phi3', 'other', 'one-1']);
  assert.deepEqual(namesFor(undefined, ['big']), ['big']);
  assert.deepEqual(namesFor(['all-team-models'], ['big']), ['big']);
  assert.deepEqual(namesFor(['all-team-models'], []), ALL);
  assert.deepEqual(namesFor(['phi3'], ['no-default-models']), []);
});

test('keys with the same lists share their names, and old lists are dropped', () => {
  const keys = Array.from({ length: 1200 }, (_, index) => ({
    alias: `k${String(index)}`,
    hash: apiKeyHash(String(index)),
    models: index < 2 ? ['m'] : ['m', `m${String(index)}`],
  }));
  const config = good({ general_settings: { master_key: 'sk-0123456789abcdef0123' }, hxllm: { keys } });
  const lookups = lookupsOf(config);
  const [first, second] = [lookups.namesFor(config.keys[0]), lookups.namesFor(config.keys[1])];
  assert.equal(first, second);
  for (const key of config.keys) assert.deepEqual(lookups.namesFor(key).listed, ['m']);
  assert.notEqual(lookups.namesFor(config.keys[0]), first, 'it was made again');
});
