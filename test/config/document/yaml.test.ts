import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readYaml } from '../../../src/config/document/yaml.ts';
import { Findings } from '../../../src/config/findings.ts';
import { plainOf } from '../../../src/config/value.ts';
import { Keyring } from '../../../src/config/vault/keyring.ts';

async function read(text: string): Promise<{ readonly value: unknown; readonly findings: Findings }> {
  const findings = new Findings();
  const value = await readYaml({ text, file: 'f.yml', encrypted: false }, new Keyring([]), findings);
  return { value: value === undefined ? undefined : plainOf(value), findings };
}

test('a duplicate key is a warning with its line, and the later one wins', async () => {
  const { value, findings } = await read('a: 1\nb: 2\na: 3\n');
  assert.deepEqual(value, { a: 3, b: 2 });
  assert.deepEqual(
    findings.warnings.map(({ code, where }) => [code, where?.line]),
    [['config.duplicate-key', 3]],
  );
});

test('aliases of aliases cannot grow without limit', async () => {
  const lines = [
    'a0: &a0 [x, x, x, x, x, x, x, x, x, x]',
    ...Array.from(
      { length: 9 },
      (_, n) =>
        `a${String(n + 1)}: &a${String(n + 1)} [${Array.from({ length: 10 }, () => `*a${String(n)}`).join(', ')}]`,
    ),
  ];
  const { value, findings } = await read(lines.join('\n'));
  assert.equal(value, undefined);
  assert.match(findings.errors[0]?.summary ?? '', /too large/);
});

test('nothing, only comments and only a document’s start are empty', async () => {
  for (const text of ['', '# c\n', '---\n'])
    assert.equal((await read(text)).value ?? undefined, undefined, JSON.stringify(text));
});

test('two documents, a tab and an unknown anchor are errors with their line', async () => {
  for (const [text, line] of [
    ['a: 1\n---\nb: 2\n', 2],
    ['a:\n\tb: 1\n', 2],
    ['a: *gone\n', 1],
  ] as const) {
    const { findings } = await read(text);
    assert.deepEqual(
      findings.errors.map(({ code, where }) => [code, where?.line]),
      [['config.yaml', line]],
      text,
    );
  }
});

test('a number that begins with its point has no sign, as in PyYAML', async () => {
  assert.deepEqual((await read('[.5, -.5, +.5, -1.5, +1., -0.5]')).value, [0.5, '-.5', '+.5', -1.5, 1, -0.5]);
});
