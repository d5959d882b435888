import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeTemplates } from '../../../src/cli/actions/write-templates.ts';
import { TEMPLATE_NAMES } from '../../../src/core/template-name.ts';
import { templateText } from '../../../src/render/template.ts';
import { fakeTerminal } from '../fake-terminal.ts';

test('the templates are written once, and an operator’s change is never replaced', async (context) => {
  const cwd = mkdtempSync(join(tmpdir(), 'hxllm-templates-'));
  context.after(() => {
    rmSync(cwd, { recursive: true });
  });
  const first = fakeTerminal({ cwd });
  assert.equal(await writeTemplates(first, 'ours/templates'), 0);
  const folder = join(cwd, 'ours/templates');
  for (const name of TEMPLATE_NAMES) assert.equal(readFileSync(join(folder, name), 'utf8'), templateText(name));
  assert.match(first.written.out, /^ {2}litellm_templates_dir: "ours\/templates"$/m);
  rmSync(join(folder, 'litellm.env'));
  writeFileSync(join(folder, 'litellm.service'), 'mine\n');
  const second = fakeTerminal({ cwd });
  assert.equal(await writeTemplates(second, 'ours/templates'), 1);
  assert.match(second.written.err, /another litellm\.service[\s\S]*Nothing was written/);
  // Nothing is half-written: the missing one is still missing.
  assert.deepEqual(readdirSync(folder).toSorted(), ['litellm.service', 'litellm.socket', 'litellm@.service']);
  assert.equal(readFileSync(join(folder, 'litellm.service'), 'utf8'), 'mine\n');
});

test('a folder that cannot be made is an error with its path', async (context) => {
  const cwd = mkdtempSync(join(tmpdir(), 'hxllm-templates-'));
  context.after(() => {
    rmSync(cwd, { recursive: true });
  });
  writeFileSync(join(cwd, 'file'), '');
  const terminal = fakeTerminal({ cwd });
  assert.equal(await writeTemplates(terminal, 'file/templates'), 1);
  assert.match(terminal.written.err, /cannot be written[\s\S]*ENOTDIR|EEXIST/);
});

test('a folder without a name and one that takes no entries end with an error, and nothing is written', async (context) => {
  const cwd = mkdtempSync(join(tmpdir(), 'hxllm-templates-'));
  context.after(() => {
    rmSync(cwd, { recursive: true });
  });
  const unnamed = fakeTerminal({ cwd });
  assert.equal(await writeTemplates(unnamed, ''), 64);
  assert.deepEqual(readdirSync(cwd), []);
  // A recursive mkdir of Node.js never ends there.
  const terminal = fakeTerminal({ cwd });
  assert.equal(await writeTemplates(terminal, '/proc/hxllm/templates'), 1);
  assert.match(terminal.written.err, /cannot be written/);
});
