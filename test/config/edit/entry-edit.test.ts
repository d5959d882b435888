import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setEntryKeys, type EntryKey } from '../../../src/config/edit/entry-edit.ts';

const BACKENDS = { variable: 'litellm_backends', mainKey: 'url' };

async function edited(text: string, length: number, ...keys: readonly EntryKey[]): Promise<string> {
  const result = await setEntryKeys({ text, file: 'main.yml' }, { ...BACKENDS, length }, keys);
  return result.ok
    ? result.value
    : `${result.problems[0].code}: ${result.problems[0].detail} ${result.problems[0].fix}`;
}

const parallel = (index: number, value: number): EntryKey => ({ index, key: 'num_parallel', value });
const room = (index: number, value: number): EntryKey => ({ index, key: 'max_loaded_models', value });

test('an address becomes a mapping, and comments, quotation marks and order stay', async () => {
  const text = `# servers
litellm_backends:
  # the large one
  - "http://llm01:11434"   # rack 4
  - http://llm02:11434
# models
litellm_models: [] # none
`;
  assert.equal(
    await edited(text, 2, parallel(0, 4), room(0, 2), parallel(1, 1)),
    `# servers
litellm_backends:
  # the large one
  - url: "http://llm01:11434"   # rack 4
    max_loaded_models: 2
    num_parallel: 4
  - url: http://llm02:11434
    num_parallel: 1
# models
litellm_models: [] # none
`,
  );
});

test('mappings, flow style, CRLF and a last line without a line feed keep their form', async () => {
  assert.equal(
    await edited('litellm_backends:\n- url: http://a:1 # x\n  num_parallel: 8 # too many\n', 1, parallel(0, 2)),
    'litellm_backends:\n- url: http://a:1 # x\n  num_parallel: 2 # too many\n',
  );
  assert.equal(
    await edited('litellm_backends:\n- max_loaded_models: 1\n  url: http://a:1\n', 1, parallel(0, 2)),
    'litellm_backends:\n- max_loaded_models: 1\n  url: http://a:1\n  num_parallel: 2\n',
  );
  assert.equal(
    await edited('litellm_backends: [http://a:1, {url: "http://b:1"}] # two', 2, parallel(0, 2), room(1, 3)),
    'litellm_backends: [{url: http://a:1, num_parallel: 2}, {url: "http://b:1", max_loaded_models: 3}] # two',
  );
  assert.equal(
    await edited('litellm_backends:\r\n  - http://a:1\r\nx: 1\r\n', 1, parallel(0, 2)),
    'litellm_backends:\r\n  - url: http://a:1\r\n    num_parallel: 2\r\nx: 1\r\n',
  );
  assert.equal(
    await edited('litellm_backends:\n  - http://a:1', 1, parallel(0, 2)),
    'litellm_backends:\n  - url: http://a:1\n    num_parallel: 2\n',
  );
  assert.equal(
    await edited('{"litellm_backends": ["http://a:1"]}\n', 1, parallel(0, 2)),
    '{"litellm_backends": [{"url": "http://a:1", "num_parallel": 2}]}\n',
  );
});

test('of two lists with one name the last one is changed, which counts', async () => {
  assert.equal(
    await edited('litellm_backends: [http://a:1]\nlitellm_backends:\n  - http://b:1\n', 1, parallel(0, 2)),
    'litellm_backends: [http://a:1]\nlitellm_backends:\n  - url: http://b:1\n    num_parallel: 2\n',
  );
});

test('a list that cannot be extended in place is left alone, and the fix has the lines', async () => {
  for (const [text, length] of [
    ['litellm_backends: "{{ servers }}"\n', 1],
    ['litellm_backends:\n  - "{{ one }}"\n', 1],
    ['one: &one http://a:1\nlitellm_backends:\n  - *one\n', 1],
    ['litellm_backends:\n  - &one http://a:1\nother: *one\n', 1],
    ['litellm_backends:\n  - url: >-\n      http://a:1\n', 1],
    ['litellm_backends: [http://a:1]\n', 2],
    ['[litellm:vars]\nlitellm_backends=["http://a:1"]\n', 1],
    ['all:\n  vars:\n    litellm_backends: [http://a:1]\n', 1],
    ['$ANSIBLE_VAULT;1.1;AES256\n6162\n', 1],
  ] as const)
    assert.match(
      await edited(text, length, parallel(0, 2)),
      /^variables\.edit-by-hand: Expected .*by hand: num_parallel: 2 \(entry 1\)$/,
      text,
    );
});

test('a mapping that another place shares by its anchor is not changed', async () => {
  const text = 'litellm_backends:\n  - &one\n    url: http://a:1\nother: *one\n';
  assert.match(await edited(text, 1, parallel(0, 2)), /another meaning/);
});
