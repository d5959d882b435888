import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalModelName, isSameModel } from '../../../src/core/model-name.ts';
import { listedByName } from '../../../src/gateway/api/ollama/listing.ts';
import { listModelGroups, listModelInfo, type ListText } from '../../../src/gateway/catalogue/model-info.ts';
import { longestTurnOf } from '../../longest-turn.ts';
import { startFake } from '../fake-upstream.ts';
import { startGateway } from '../running.ts';

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

test('/model/info of 8,000 deployments is written in slices, between which requests are served', async () => {
  await using fake = await startFake((_got, outgoing) => void outgoing.end('{"capabilities":["completion"]}'));
  const entry = { model: 'ollama_chat/m', api_base: fake.url };
  await using gateway = await startGateway([], {
    model_list: Array.from({ length: 8000 }, (_, index) => ({
      model_name: `a${String(index % 1000)}`,
      litellm_params: { ...entry, weight: index },
    })),
  });
  for (const list of [listModelInfo, listModelGroups]) {
    let listed: ListText | undefined;
    // The servers are asked before.
    await list(gateway.service(), undefined);
    const longestMs = await longestTurnOf(async () => {
      listed = await list(gateway.service(), undefined);
    });
    assert.equal(listed?.items, list === listModelInfo ? 8000 : 1000);
    assert.equal((JSON.parse(listed.text.text()) as { readonly data: readonly unknown[] }).data.length, listed.items);
    assert.ok(longestMs < 25, `a turn took ${String(longestMs)} ms`);
  }
});
