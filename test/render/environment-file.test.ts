import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { quoteEnvironment } from '../../src/render/environment-file.ts';
import { parseEnvironmentFile } from '../../src/core/environment-file.ts';

const value = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => quoteEnvironment('v', text).ok);
const nasty = fc.string({
  unit: fc.constantFrom('"', '\\', '$', '`', "'", '#', ';', '\n', '\t', ' ', '=', '%', 'a', 'é', '$(', '${A}', '\\\n'),
  maxLength: 30,
});

function lineOf(text: string): string {
  const quoted = quoteEnvironment('v', text);
  assert.ok(quoted.ok, `refused: ${JSON.stringify(text)}`);
  return `KEY=${quoted.value}\nNEXT="1"\n`;
}

test('systemd’s EnvironmentFile rules read a quoted value unchanged', () => {
  fc.assert(
    fc.property(fc.oneof(value, nasty), (text) => {
      assert.deepEqual(
        parseEnvironmentFile(lineOf(text)),
        new Map([
          ['KEY', text],
          ['NEXT', '1'],
        ]),
      );
    }),
    { numRuns: 3000 },
  );
});

test('a POSIX shell reads the same line to the same value', () => {
  const texts = fc.sample(fc.oneof(value, nasty), 300).filter((text) => !text.includes('\0'));
  const script = texts.map((text) => `${lineOf(text)}printf '%s\\0' "$KEY"`).join('\n');
  const seen = execFileSync('sh', [], { input: script, encoding: 'utf8' }).split('\0').slice(0, -1);
  assert.deepEqual(seen, texts);
});

test('control characters, for which systemd would drop the variable, are refused without showing the value', () => {
  for (const bad of ['a\rb', 'a\u0000b', 'a\u001Bb', 'a\u007Fb', '\uD800']) {
    const quoted = quoteEnvironment('litellm_master_key', `sk-very-secret${bad}`);
    assert.ok(!quoted.ok);
    assert.equal(quoted.problems[0].code, 'variables.unsuitable');
    assert.doesNotMatch(JSON.stringify(quoted), /very-secret/);
  }
});
