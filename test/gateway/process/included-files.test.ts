import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfigFile, type ConfigReading } from '../../../src/gateway/process/config-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'hxllm-include-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;

/** Writes files into a folder of their own, and reads its `config.yaml`. */
async function read(files: Readonly<Record<string, string>>): Promise<ConfigReading & { readonly place: string }> {
  count += 1;
  const place = join(folder, String(count));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(place, name, '..'), { recursive: true });
    writeFileSync(join(place, name), text);
  }
  return { ...(await loadConfigFile(join(place, 'config.yaml'), { environment: {} })), place };
}

const entry = (name: string, more = ''): string =>
  `  - model_name: ${name}\n    litellm_params: {model: ollama_chat/${name}, api_base: "http://127.0.0.1:11434"${more}}\n`;
const models = (...names: readonly string[]): string => `model_list:\n${names.map((name) => entry(name)).join('')}`;
const namesOf = ({ config }: ConfigReading): readonly string[] => config?.groups.map(({ name }) => name) ?? [];
const saidBy = ({ errors, warnings }: ConfigReading, place: string): readonly string[] =>
  [...errors, ...warnings].map(
    ({ summary, where }) => `${(where?.file ?? '').replace(`${place}/`, '')}:${String(where?.line)} ${summary}`,
  );

test('lists are joined, other values are those of the included file, also of one that is included by it', async () => {
  const reading = await read({
    'config.yaml': `include: [parts/models.yaml, more.yaml]\n${models('a')}router_settings: {num_retries: 1}\n`,
    'parts/models.yaml': `include: [deep.yaml]\n${models('b')}`,
    'parts/deep.yaml': `${models('d')}router_settings: {num_retries: 7}\n`,
    'more.yaml': models('c'),
  });
  assert.deepEqual(saidBy(reading, reading.place), []);
  assert.deepEqual(namesOf(reading), ['a', 'b', 'c', 'd']);
  assert.equal(reading.config?.routing.retries, 7);
});

test('a model_list that only an included file has is enough', async () => {
  assert.deepEqual(namesOf(await read({ 'config.yaml': 'include: [m.yaml]\n', 'm.yaml': models('m') })), ['m']);
});

test('a mistake is reported with the file and the line that it stands in', async () => {
  const { place, ...reading } = await read({
    'config.yaml': `include:\n  - m.yaml\n${models('a')}`,
    'm.yaml': `# models\n${models('b')}${entry('c', ', rpm: many')}hxllm: {max_queue: -1}\n`,
  });
  assert.deepEqual(saidBy(reading, place), ['m.yaml:7 hxllm.max_queue', 'm.yaml:6 model_list[2].litellm_params.rpm']);
});

test('files that include each other, or one file twice, are read once', async () => {
  const reading = await read({
    'config.yaml': `include: [a.yaml, ./a.yaml, b.yaml, config.yaml]\n`,
    'a.yaml': `include: [b.yaml]\n${models('a')}`,
    'b.yaml': `include: [a.yaml, config.yaml]\n${models('b')}`,
  });
  assert.deepEqual(namesOf(reading), ['a', 'b']);
});

test('a nested path is relative to its own file, and else to the root file', async () => {
  const reading = await read({
    'config.yaml': 'include: [parts/p.yaml]\n',
    'parts/p.yaml': 'include: [near.yaml, far.yaml]\n',
    'parts/near.yaml': models('near'),
    'near.yaml': models('wrong'),
    'far.yaml': models('far'),
  });
  assert.deepEqual(namesOf(reading), ['near', 'far']);
});

test('a missing file, a folder, text that is not YAML, a list, and an include that is no list are errors with their place', async () => {
  const refused = async (files: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const { place, ...reading } = await read(files);
    assert.equal(reading.config, undefined);
    return saidBy(reading, place).map((line) => line.replace(`${place}/`, ''));
  };
  const root = `${models('a')}include:\n  - x.yaml\n`;
  assert.deepEqual(await refused({ 'config.yaml': root }), ['config.yaml:5 the included file x.yaml cannot be read']);
  assert.deepEqual(await refused({ 'config.yaml': root, 'x.yaml/y': '' }), [
    'config.yaml:5 the included file x.yaml cannot be read',
  ]);
  assert.deepEqual(await refused({ 'config.yaml': root, 'x.yaml': 'a: [' }), ['x.yaml:1 this is not YAML']);
  assert.deepEqual(await refused({ 'config.yaml': root, 'x.yaml': '- a\n' }), [
    'x.yaml:undefined the included file is no mapping',
  ]);
  assert.deepEqual(await refused({ 'config.yaml': `${models('a')}include: x.yaml\n` }), ['config.yaml:4 include']);
});
