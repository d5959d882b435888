import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffOf, paintDiff } from '../../../src/cli/views/diff.ts';
import { createPaint } from '../../../src/cli/views/paint.ts';

const shown = (before: string | undefined, after: string): string =>
  diffOf({ path: '/w/dev.ini', before, after, secret: false }, 'dev.ini');

const HOSTS = "[all]\nhx-db ansible_password='canary 1' ansible_become_password=canary2\n";

test('an added group shows its own lines, and no line beside them', () => {
  const diff = shown(HOSTS, `${HOSTS}\n[litellm]\nhx-api-server\n`);
  assert.doesNotMatch(diff, /canary|hx-db/);
  assert.match(diff, /^\+\[litellm\]\n\+hx-api-server$/m);
});

test('a file without a line feed at its end does not show its last line', () => {
  const diff = shown(HOSTS.trimEnd(), `${HOSTS}[litellm]\nhx-api-server\n`);
  assert.doesNotMatch(diff, /canary|hx-db|^-[^-]/m);
  assert.match(diff, /^\+hx-api-server$/m);
});

test('a changed line is shown if it is a variable of hxllm alone', () => {
  const diff = shown('a: canary1\nlitellm_port: 4000\nb: canary2\n', 'a: canary1\nlitellm_port: 4100\nb: canary2\n');
  assert.match(diff, /^-litellm_port: 4000\n\+litellm_port: 4100$/m);
  assert.doesNotMatch(diff, /canary/);
  const flow = shown(
    '{smtp_password: canary1, litellm_port: 4000}\n',
    '{smtp_password: canary1, litellm_port: 4100}\n',
  );
  assert.match(flow, /^-\(not shown\)\n\+\(not shown\)$/m);
  const secret = shown('litellm_master_key: canary1\n', 'litellm_master_key: canary2\n');
  assert.doesNotMatch(secret, /canary/);
});

test('a changed variable of hxllm with a comment, a password or a query is not shown', () => {
  for (const value of ['[http://ann:canary@h:1]', 'http://h:1/?key=canary', '4000  # canary', '4000\t# canary']) {
    const diff = shown(`litellm_backends: ${value}\n`, 'litellm_backends: [http://other:1]\n');
    assert.doesNotMatch(diff, /canary/, value);
  }
});

test('a new file is shown whole', () => {
  assert.match(shown(undefined, 'litellm_models:\n  - name: phi3\n'), /^\+litellm_models:\n\+ {2}- name: phi3$/m);
});

test('heads of a diff and of its parts differ from added and removed lines', () => {
  const marked = (sign: string) => (text: string) => `${sign}${text}`;
  const paint = {
    ...createPaint({}, false),
    good: marked('g'),
    bad: marked('b'),
    bold: marked('h'),
    accent: marked('p'),
  };
  const diff = '--- a\n+++ b\n@@ -1 +1,2 @@\n-old\n+new\n same\n';
  assert.equal(paintDiff(diff, paint, 0), 'h--- a\nh+++ b\np@@ -1 +1,2 @@\nb-old\ng+new\n same\n');
});
