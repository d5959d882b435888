import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configOf, GUIDE, hostOf, problemsOf, Tree } from '../tree.ts';

const VARS = 'inventories/group_vars/all/main.yml';
const withFolder = (name: string, files: Readonly<Record<string, string>>): Record<string, string> => ({
  ...GUIDE,
  [VARS]: `${GUIDE[VARS] ?? ''}\nlitellm_templates_dir: "${name}"\n`,
  ...files,
});

test('the templates of the folder are read, and are among the files that the evidence has hashes of', async () => {
  using tree = new Tree(withFolder('mine', { 'mine/litellm.service': '{{mark}}\n', 'mine/README.md': 'notes' }));
  const loaded = await tree.load();
  const { templates } = hostOf(loaded).settings;
  assert.deepEqual([...(templates ?? [])], [['litellm.service', { file: 'mine/litellm.service', text: '{{mark}}\n' }]]);
  assert.ok(configOf(loaded).files.includes(join(tree.folder, 'mine/litellm.service')));
  assert.deepEqual(configOf(loaded).warnings, []);
});

test('a file that is no template is named with the name that was probably meant', async () => {
  using tree = new Tree(withFolder('mine', { 'mine/litellm.services': '{{mark}}\n', 'mine/.litellm.env.swp': '' }));
  const [warning, ...more] = configOf(await tree.load()).warnings;
  assert.equal(warning?.fix, 'mv mine/litellm.services mine/litellm.service');
  assert.deepEqual(more, []);
});

test('a folder that does not exist is an error with the command that writes it', async () => {
  using tree = new Tree(withFolder('mine', {}));
  const [problem] = problemsOf(await tree.load());
  assert.equal(problem?.code, 'variables.templates-dir');
  assert.equal(problem.fix, 'hxllm validate --write-templates mine');
  assert.match(problem.where?.file ?? '', /main\.yml$/);
});

test('a template that is a dead link, a folder or a circle of links is an error, not hxllm’s own one', async () => {
  using tree = new Tree(withFolder('mine', { 'mine/litellm.env/x': '' }));
  symlinkSync('nowhere', join(tree.folder, 'mine/litellm.service'));
  symlinkSync('litellm.socket', join(tree.folder, 'mine/litellm.socket'));
  assert.deepEqual(
    problemsOf(await tree.load())
      .map(({ where }) => where?.file ?? '')
      .toSorted(),
    ['mine/litellm.env', 'mine/litellm.service', 'mine/litellm.socket'],
  );
});
