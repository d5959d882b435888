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

/** Whether the lines of `before` are all in `after`, in order, byte for byte: the rest is what was added. */
function keeps(before: string, after: string): boolean {
  for (let start = 0; start <= before.length; start += 1)
    if (after.startsWith(before.slice(0, start)) && after.endsWith(before.slice(start))) return true;
  return false;
}

test('a missing group goes to the end of an INI inventory, after whatever ends it', async () => {
  assert.equal(
    await add('a\n[web]\nb  # c\n\n[web:vars]\nx=1\n'),
    'a\n[web]\nb  # c\n\n[web:vars]\nx=1\n\n# The gateway’s hosts, added by hxllm.\n[litellm]\ngw\n',
  );
  assert.equal(await add('a'), 'a\n\n# The gateway’s hosts, added by hxllm.\n[litellm]\ngw\n');
  assert.equal(await add('a\r\n\r\n'), 'a\r\n\r\n# The gateway’s hosts, added by hxllm.\r\n[litellm]\r\ngw\r\n');
});

test('in a group that is there the host goes below the last one, above what belongs to the next header', async () => {
  assert.equal(
    await add('[litellm] # mine\n\n# about web\n[web]\nb\n'),
    '[litellm] # mine\ngw\n\n# about web\n[web]\nb\n',
  );
  assert.equal(await add('[litellm]\nold\n  # indented\n\n[web]\n'), '[litellm]\nold\ngw\n  # indented\n\n[web]\n');
  assert.equal(await add('[litellm:vars]\nx=1\n[litellm]'), '[litellm:vars]\nx=1\n[litellm]\ngw\n');
});

test('an inventory that has the host in the group is left alone, and an unreadable one is not edited', async () => {
  for (const [text, file] of [
    ['[litellm:children]\nx\n[x]\ngw', 'dev.ini'],
    ['litellm: {hosts: {gw: }}\n', 'dev.yml'],
  ] as const)
    assert.equal(await add(text, file), text);
  assert.equal(await add('[bad header]\n'), 'inventory.edit-by-hand');
});

test('a YAML inventory gets the group at its end, or the host into the group that is there', async () => {
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

test('a YAML inventory that leaves no safe place is left to a person', async () => {
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

test('whatever the inventory, every byte that was there stays where it was', () => {
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

test('lines are put in after any line, and at the end after one empty line', () => {
  assert.equal(insertAfterLine('a\nb\n', 0, ['x']), 'x\na\nb\n');
  assert.equal(insertAfterLine('a\nb', 2, ['x']), 'a\nb\nx\n');
  assert.equal(appendBlock('', ['x']), 'x\n');
  assert.equal(appendBlock('a\n\n', ['x']), 'a\n\nx\n');
});

const LINES = backendLines([{ url: 'http://a:1' }]);

test('a variable goes to the end of a variables file, whatever the file ends with', async () => {
  const expected =
    '# The Ollama servers behind the gateway, as its host reaches them.\nlitellm_backends:\n  - "http://a:1"\n';
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

test('a variable that is there is left alone', async () => {
  const text = 'litellm_backends: [http://mine:1]\n';
  assert.deepEqual(await addVariable({ text, file: 'main.yml' }, 'litellm_backends', LINES), { ok: true, value: text });
});

test('a variables file that cannot be added to is left to a person, with the lines to add', async () => {
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

test('names are written so that YAML gives them back', async () => {
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

test('the place for variables follows Ansible’s rule of the first that exists', () => {
  const place = (...read: readonly string[]): string =>
    findVariablePaths(
      '/p/inventories/dev.ini',
      read.map((file) => `/p/inventories/group_vars/${file}`),
    ).variables.replace('/p/inventories/group_vars/', '');
  assert.equal(place(), 'all/main.yml');
  assert.equal(place('all/main.yaml', 'all/vault.yml'), 'all/main.yaml');
  assert.equal(place('all/vault.yml'), 'all/main.yml');
  assert.equal(place('all.yml'), 'all.yml');
  assert.equal(place('all'), 'all');
  assert.equal(findVariablePaths('/p/dev.ini', ['/p/group_vars/all.yml']).hidden, '/p/group_vars/all.yml');
  assert.equal(shownPath('/p/a/b', '/p'), 'a/b');
  assert.equal(shownPath('/q/b', '/p'), '/q/b');
});
