import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MARK } from '../../src/core/mark.ts';
import { MARKED } from '../../src/facts/marked.ts';

test('a file has the mark in its first two lines, and a pipe has none and keeps nobody waiting', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-marked-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = {
    first: `${MARK}; it\nx`,
    second: `#!/bin/sh\n${MARK}`,
    third: `a\nb\n${MARK}\n`,
    inside: `x ${MARK}\n`,
    empty: '',
    zeros: `\0\0\n${MARK}\n`,
    'a space': `${MARK}\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  symlinkSync('first', join(folder, 'link'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const names = [...Object.keys(files), 'link', 'pipe', 'missing', '.'];
  const script = `${MARKED}\ncd -- "$1"; shift; for name; do marked "$name" && printf '%s\\n' "$name"; done; exit 0`;
  const said = execFileSync('bash', ['-c', script, 'hxllm', folder, ...names], { encoding: 'utf8', timeout: 20_000 });
  assert.deepEqual(said.trim().split('\n'), ['first', 'second', 'zeros', 'a space', 'link']);
});
