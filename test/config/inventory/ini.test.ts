import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { configOf, Tree } from '../tree.ts';
import { Findings } from '../../../src/config/findings.ts';
import { readHostPattern } from '../../../src/config/inventory/host-pattern.ts';
import { readIni } from '../../../src/config/inventory/ini.ts';
import { InventoryBuilder } from '../../../src/config/inventory/inventory.ts';

function problemsIn(text: string): readonly (readonly [number | undefined, string])[] {
  const findings = new Findings();
  readIni(text, { file: 'dev.ini', path: '/dev.ini' }, new InventoryBuilder(), findings);
  return findings.errors.map((problem) => [problem.where?.line, problem.detail]);
}

for (const [what, text, line, detail] of [
  ['a header with a space', 'a\n[b c]\n', 2, /without spaces/],
  ['a header of an unknown kind', '[g:hsts]\n', 1, /\[g:children\] or \[g:vars\], found \[g:hsts\]/],
  ['variables of a group that is nowhere', 'h\n[g:vars]\na=1\n', 2, /a group \[g\]/],
  ['a child that is nowhere', '[g:children]\nlost\n', 2, /a group \[lost\] to put below \[g\]/],
  [
    'a word after a host that is not a variable',
    '[g]\nh1 h2\n',
    2,
    /name=value after the host, found no "=" in the second word/,
  ],
  ['a variable line without =', '[g]\n[g:vars]\nnonsense\n', 3, /name=value in \[g:vars\], found a line without "="/],
  ['a quotation mark that stays open', 'h a="b\n', 1, /No closing quotation/],
  ['a YAML file under the name of an INI one', '---\nall:\n', 1, /the first line of a YAML file/],
  ['a colon without a port', 'host:\n', 1, /reserved for a port/],
  ['a range that has no end', 'h[1:]\n', 1, /without an end/],
  ['a range whose ends differ in length', 'h[03:1]\n', 1, /differ in length/],
  ['a group below itself', '[a:children]\nb\n[b:children]\na\n', 4, /below themselves/],
] as const) {
  test(`${what} is reported with its line`, () => {
    const [[seenLine, seenDetail] = [0, '']] = problemsIn(text);
    assert.equal(seenLine, line);
    assert.match(seenDetail, detail);
  });
}

test('every wrong line is reported, not only the first', () => {
  assert.deepEqual(
    problemsIn('[a b]\nh x\n[g:vars]\n').map(([line]) => line),
    [1, 2, 3],
  );
});

test('a line with an open quotation mark is not shown whole, since it may contain a password', () => {
  assert.doesNotMatch(JSON.stringify(problemsIn('h ansible_password="hunter2\n')), /hunter2/);
});

test('a range of millions of hosts is refused quickly', () => {
  for (const pattern of ['h[0:99999999]', 'h[000:999]x[000:999]', 'h[1:9999999999999:1]'])
    assert.equal(readHostPattern(pattern).ok, false, pattern);
});

test('for any text reading ends, and every Problem has its line', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          '[g]',
          '[g:vars]',
          '[h:children]',
          '[x y]',
          'a',
          'a[1:3]',
          'a b=c',
          'k = v',
          '# c',
          '',
          'q="',
          'a:22',
          '[',
          ']',
          'h',
          'g',
        ),
        { maxLength: 14 },
      ),
      (lines) => {
        for (const [line] of problemsIn(lines.join('\n')))
          assert.ok(line !== undefined && line >= 1 && line <= lines.length);
      },
    ),
    { numRuns: 500 },
  );
});

// Each was read by ansible-inventory of ansible-core 2.19.
for (const [file, text, expected] of [
  ['dev.ini', '[litellm]\ngw ansible_user=a\nh\n[gw]\nx ansible_user=b\n', { gw: 'a', h: undefined }],
  ['dev.ini', '[litellm]\nlitellm ansible_user=a\nh\n', { litellm: 'a', h: 'a' }],
  ['dev.ini', 'litellm ansible_user=a\n[litellm]\nlitellm\nh\n', { litellm: 'a', h: undefined }],
  [
    'dev.yml',
    'all:\n  children:\n    litellm:\n      hosts:\n        litellm: {ansible_user: a}\n        h: {}\n',
    { litellm: 'a', h: 'a' },
  ],
  [
    'dev.yml',
    'all:\n  hosts:\n    litellm: {ansible_user: a}\n  children:\n    litellm:\n      hosts:\n        litellm: {}\n        h: {}\n',
    { litellm: 'a', h: undefined },
  ],
] as const)
  test(`a host with the name of a group has variables as in Ansible, and is named: ${JSON.stringify(text)}`, async () => {
    using tree = new Tree({ [file]: text });
    const { hosts, warnings } = configOf(await tree.load({ inventories: [file] }));
    assert.deepEqual(Object.fromEntries(hosts.map(({ target }) => [target.name, target.user])), expected);
    assert.ok(warnings.some(({ code }) => code === 'inventory.same-name'));
  });
