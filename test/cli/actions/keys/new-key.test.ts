import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { newKey } from '../../../../src/cli/actions/keys/new-key.ts';
import { commandDocumentSchema } from '../../../../src/cli/views/document-schema.ts';
import { apiKeyHash, isDamagedApiKey } from '../../../../src/core/api-key.ts';
import { assertValid } from '../../../json-schema.ts';
import { MAIN } from '../../../config/variables/judged.ts';
import { Tree } from '../../../config/tree.ts';

function textOf(alias: string, options: Parameters<typeof newKey>[1] = {}): string {
  const made = newKey(alias, options, '1.2.3');
  assert.ok(made.ok, JSON.stringify(made));
  return made.value;
}

test('the printed lines are what group_vars want, with the hash of the printed key', async () => {
  for (const alias of ['open-webui', 'no', '7', 'a: b # c', "it's", 'x "y" \\z', 'Büro 3']) {
    const text = textOf(alias, { expires: '2027-01-01T12:00:00+01:00' });
    const key = /sk-hx-\S+/.exec(text)?.[0] ?? '';
    assert.ok(!isDamagedApiKey(key), text);
    const lines = text.slice(text.indexOf('litellm_keys:'));
    assert.deepEqual(parse(lines), {
      litellm_keys: [{ alias, hash: apiKeyHash(key), expires: '2027-01-01T12:00:00+01:00' }],
    });
    using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n', [MAIN]: `${lines}\n` });
    const loaded = await tree.load();
    assert.ok(loaded.ok);
    assert.deepEqual(
      loaded.value.hosts[0]?.settings.keys.map((one) => one.alias),
      [alias],
    );
  }
});

test('--json prints the same as one document', () => {
  const document = JSON.parse(textOf('a', { json: true })) as { key: string; hash: string; line: string };
  assertValid(commandDocumentSchema(), document);
  assert.equal(document.hash, apiKeyHash(document.key));
  assert.deepEqual(parse(document.line), [{ alias: 'a', hash: document.hash }]);
});

test('a wrong alias or time is refused by name, and a key in the place of the alias is not shown', () => {
  for (const [alias, expires, seen] of [
    ['master', undefined, /another name than master[^]*"master"/],
    ['sk-0123456789abcdef', undefined, /\[key\]/],
    ['a\nb', undefined, /control characters/],
    ['a', '2027-02-30', /found 2027-02-30/],
  ] as const) {
    const made = newKey(alias, expires === undefined ? {} : { expires }, '1.2.3');
    assert.ok(!made.ok);
    assert.match(made.problems[0].detail, seen);
    assert.doesNotMatch(JSON.stringify(made.problems), /0123456789abcdef/);
  }
});

test('models, team and limits stand in the line', () => {
  const options = {
    models: ['phi3', 'llama3*'],
    team: 'research',
    rpmLimit: 60,
    tpmLimit: 900,
    maxParallelRequests: 4,
    json: true,
  };
  const { line, hash } = JSON.parse(textOf('a', options)) as { line: string; hash: string };
  const models = ['phi3', 'llama3*'];
  assert.deepEqual(parse(line), [
    { alias: 'a', hash, team: 'research', models, rpm_limit: 60, tpm_limit: 900, max_parallel_requests: 4 },
  ]);
});
