import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generatedFiles, SCHEMA_FOLDER, SCHEMAS } from '../../../src/cli/package/generated.ts';
import { schemaErrors, undescribed } from '../../json-schema.ts';

const ROOT = join(import.meta.dirname, '../../..');

test('every generated file is current', async () => {
  const outdated: string[] = [];
  for (const [path, text] of await generatedFiles()) {
    const file = readFileSync(join(ROOT, path), 'utf8');
    if (file !== text) outdated.push(path);
  }
  assert.deepEqual(outdated, [], `out of date: ${outdated.join(', ')}; run: npm run generate`);
});

test('the folder of schemas has no other file', () => {
  assert.deepEqual(globSync('*', { cwd: join(ROOT, SCHEMA_FOLDER) }).toSorted(), Object.keys(SCHEMAS).toSorted());
});

test('each schema has its own $id, a title, and a description of every property', () => {
  const ids = Object.entries(SCHEMAS).map(([name, make]) => {
    const schema = make();
    assert.ok(schema.title !== undefined && schema.description !== undefined, name);
    assert.deepEqual(undescribed(schema), [], name);
    // Compiles it in strict mode.
    assert.notDeepEqual(schemaErrors(schema, 'a text'), [], name);
    return schema.$id;
  });
  assert.equal(new Set(ids).size, ids.length);
});
