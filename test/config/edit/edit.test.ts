import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addToGroup } from '../../../src/config/edit/group-edit.ts';
import { addToIniGroup } from '../../../src/config/edit/ini-group.ts';
import { appendBlock, insertAfterLine } from '../../../src/config/edit/lines.ts';
import { findVariablePaths } from '../../../src/config/edit/variable-paths.ts';
import { shownPath } from '../../../src/config/shown-path.ts';
import { backendLines, modelLines } from '../../../src/config/edit/variable-text.ts';
import { addVariable } from '../../../src/config/edit/variables-edit.ts';

const add = async (text: string, file = 'dev.ini'): Promise<string> => {
  const edited = await addToGroup({ text, file }, 'gw');
  return edited.ok ? edited.value : edited.problems[0].code;
};

/** Whether `after` has all lines of `before`, in order and byte for byte; other lines are the added ones. */
function keeps(before: string, after: string): boolean {
  for (let start = 0; start <= before.length; start += 1)
    if (after.startsWith(before.slice(0, start)) && after.endsWith(before.slice(start))) return true;
  return false;
}

test('a missing group is appended to an INI inventory, whatever its last line is', async () => {
  assert.equal(
    await add('a\n[web]\nb  # c\n\n[web:vars]\nx=1\n'),
    'a\n[web]\nb  # c\n\n[web:vars]\nx=1\n\n# The gateway’s hosts, added by hxllm.\n[litellm]\ngw\n',
  );
  assert.equal(await add('a'), 'a\n\n# The gateway’s hosts, added by hxllm.\n[litellm]\ngw\n');
  assert.equal(await add('a\r\n\r\n'), 'a\r\n\r\n# The gateway’s hosts, added by hxllm.\r\n[litellm]\r\ngw\r\n');
});

test('in an existing group the host goes below the last one, above the comments of the next header', async () => {
  assert.equal(
    await add('[litellm] # mine\n\n# about web\n[web]\nb\n'),
    '[litellm] # mine\ngw\n\n# about web\n[web]\nb\n',
  );
  assert.equal(await add('[litellm]\nold\n  # indented\n\n[web]\n'), '[litellm]\nold\ngw\n  # indented\n\n[web]\n');
  assert.equal(await add('[litellm:vars]\nx=1\n[litellm]'), '[litellm:vars]\nx=1\n[litellm]\ngw\n');
});

test('an inventory with the host in the group stays unchanged, and an invalid one is not edited', async () => {
  for (const [text, file] of [
    ['[litellm:children]\nx\n[x]\ngw', 'dev.ini'],
    ['litellm: {hosts: {gw: }}\n', 'dev.yml'],
  ] as const)
    assert.equal(await add(text, file), text);
  assert.equal(await add('[bad header]\n'), 'inventory.edit-by-hand');
});

test('a YAML inventory gets the group at its end, or the host in the existing group', async () => {
  const yaml = 'all:\n  hosts:\n    gw: {}   # the gateway\n';
  assert.equal(
    await add(yaml, 'dev.yml'),
    `${yaml}\n# The gateway’s hosts, added by hxllm.\nlitellm:\n  hosts:\n    gw:\n`,
  );
  assert.equal(
    await add('litellm:\n  hosts:\n      old:\n  vars: {}\n', 'dev.yml'),
    'litellm:\n  hosts:\n      gw:\n      old:\n  vars: {}\n',
  );
  assert.equal(await add('litellm:\nother:\n', 'dev.yml'), 'litellm:\n  hosts:\n    gw:\nother:\n');
  assert.equal(await add('litellm:\n  hosts:\n  vars: {}\n', 'dev.yml'), 'litellm:\n  hosts:\n    gw:\n  vars: {}\n');
  assert.equal(
    await add('# nothing yet\n', 'dev.yml'),
    '# nothing yet\n\n# The gateway’s hosts, added by hxllm.\nlitellm:\n  hosts:\n    gw:\n',
  );
});

test('a YAML inventory without a safe place must be edited by hand', async () => {
  for (const text of ['{all: {hosts: {gw: {}}}}\n', 'litellm: {hosts: {a: {}}}\n', 'all:\n...\n', 'all: [\n'])
    assert.equal(await add(text, 'dev.yml'), 'inventory.edit-by-hand', text);
});

const line = fc.constantFrom(
  '',
  '  ',
  '# c',
  '; c',
  'a',
  'b x=1',
  '[web]',
  '[web:vars]',
  'k = v',
  '[litellm]',
  '[litellm:vars]',
  '\t# tab',
  'c   # end',
);

test('in any inventory all existing bytes stay', () => {
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 10 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      (lines, end, closed) => {
        const before = lines.join(end) + (closed ? end : '');
        const after = addToIniGroup(before, 'litellm', 'gw', 'c');
        assert.ok(keeps(before, after), JSON.stringify([before, after]));
        assert.match(after, /^gw\r?$/m);
      },
    ),
    { numRuns: 500 },
  );
});

test('lines are inserted after any line, and appended after one empty line', () => {
  assert.equal(insertAfterLine('a\nb\n', 0, ['x']), 'x\na\nb\n');
  assert.equal(insertAfterLine('a\nb', 2, ['x']), 'a\nb\nx\n');
  assert.equal(appendBlock('', ['x']), 'x\n');
  assert.equal(appendBlock('a\n\n', ['x']), 'a\n\nx\n');
});

const LINES = backendLines([{ url: 'http://a:1' }]);

test('a variable is appended to a variables file, whatever its last line is', async () => {
  const expected =
    '# The Ollama servers behind the gateway, with addresses that its host can reach.\nlitellm_backends:\n  - "http://a:1"\n';
  for (const text of [
    '',
    '---\n# only a comment\n',
    'a: 1 # why\n',
    'a: |\n  text\n\n  more\n',
    'a:\n  - b',
    'a: {x: 1,\n  y: 2}\n',
    'yes: no\nb: 0644\n',
  ]) {
    const edited = await addVariable({ text, file: 'main.yml' }, 'litellm_backends', LINES);
    assert.ok(edited.ok, text);
    assert.ok(edited.value.startsWith(text) && edited.value.endsWith(expected), JSON.stringify(edited.value));
  }
});

test('an existing variable stays unchanged', async () => {
  const text = 'litellm_backends: [http://mine:1]\n';
  assert.deepEqual(await addVariable({ text, file: 'main.yml' }, 'litellm_backends', LINES), { ok: true, value: text });
});

test('a variables file without a safe place must be edited by hand; the Problem has the lines', async () => {
  for (const text of [
    '{a: 1}\n',
    'a: 1\n...\n',
    '- a\n',
    'a: "open\n',
    '$ANSIBLE_VAULT;1.1;AES256\n00\n',
    '  a: 1\n',
  ]) {
    const edited = await addVariable({ text, file: 'main.yml' }, 'litellm_backends', LINES);
    assert.ok(!edited.ok, text);
    assert.match(edited.problems[0].fix, /main\.yml by hand: litellm_backends:\n {2}- "http:\/\/a:1"/);
  }
});

test('names are quoted so that YAML reads them back', async () => {
  const odd = ['no', '0644', 'a"b', 'a\\b', "it's", 'a: b', '# x', 'é', 'x'.repeat(200)];
  const edited = await addVariable(
    { text: '', file: 'main.yml' },
    'litellm_models',
    modelLines(odd.map((model) => ({ name: 'n', model, backends: undefined, mode: 'chat' }))),
  );
  assert.ok(edited.ok);
  const { parse } = await import('yaml');
  const read: unknown = parse(edited.value, { version: '1.1' });
  assert.deepEqual(read, { litellm_models: odd.map((model) => ({ name: 'n', provider: 'ollama', model })) });
});

test('the file for variables is the first that exists, as in Ansible', () => {
  const place = (...read: readonly string[]): string =>
    findVariablePaths(
      '/p/inventories',
      read.map((file) => `/p/inventories/group_vars/${file}`),
    ).variables.replace('/p/inventories/group_vars/', '');
  assert.equal(place(), 'all/main.yml');
  assert.equal(place('all/main.yaml', 'all/vault.yml'), 'all/main.yaml');
  assert.equal(place('all/vault.yml'), 'all/main.yml');
  assert.equal(place('all.yml'), 'all.yml');
  assert.equal(place('all'), 'all');
  assert.equal(findVariablePaths('/p', ['/p/group_vars/all.yml']).hidden, '/p/group_vars/all.yml');
  assert.equal(shownPath('/p/a/b', '/p'), 'a/b');
  assert.equal(shownPath('/q/b', '/p'), '/q/b');
});
