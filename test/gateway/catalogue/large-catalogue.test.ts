import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalModelName, isSameModel } from '../../../src/core/model-name.ts';
import { listedByName } from '../../../src/gateway/api/ollama/listing.ts';

const NAMES = [
  'phi',
  'phi:latest',
  'library/phi',
  'PHI',
  'registry.ollama.ai/library/phi:mini',
  'qwen:7b',
  'host:5000/me/qwen',
];

test('a model has the first entry of its server that means the same model', () => {
  const models = NAMES.map((name, index) => ({ name, index }));
  const listed = listedByName({ models });
  for (const model of [...NAMES, 'phi:mini', 'host:5000/me/qwen:latest', 'none'])
    assert.equal(
      listed.get(canonicalModelName(model)),
      models.find(({ name }) => isSameModel(name, model)),
    );
  assert.equal(listedByName(undefined).size, 0);
  assert.equal(listedByName({ models: 'none' }).size, 0);
});

test('a list of 200 models is read once for 1,000 aliases', () => {
  const models = Array.from({ length: 200 }, (_, index) => ({ name: `model-${String(index)}` }));
  let reads = 0;
  const counted = models.map(({ name }) => ({
    get name() {
      reads += 1;
      return name;
    },
  }));
  const listed = listedByName({ models: counted });
  for (let alias = 0; alias < 1000; alias += 1) listed.get(canonicalModelName(`missing-${String(alias)}`));
  assert.equal(reads, 200);
});
