import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pythonRegex } from '../../../src/config/python/regex.ts';

function matches(source: string, text: string): boolean {
  const read = pythonRegex(source);
  assert.ok(read.ok, read.ok ? '' : read.reason);
  read.expression.lastIndex = 0;
  return read.expression.test(text);
}

// Each row was tried with re.match of Python 3.11.
const ROWS: readonly (readonly [source: string, text: string, isMatch: boolean])[] = [
  ['web', 'web01', true],
  ['eb', 'web01', false],
  ['(?i)WEB', 'web01', true],
  ['(?i:W)eb', 'web01', true],
  ['(?P<stem>w)e(?P=stem)', 'wew', true],
  [String.raw`\Aweb\d\d\Z`, 'web01', true],
  [String.raw`\Aweb\d\Z`, 'web01', false],
  ['web(?#comment)01', 'web01', true],
  ['we{,1}b', 'wb', true],
  ['w{e}', 'w{e}', true],
  ['[]w]eb', ']eb', true],
  ['[[w]eb', '[eb', true],
  ['[^]w]eb', 'xeb', true],
  [String.raw`web\-01`, 'web-01', true],
  [String.raw`web\_01`, 'web_01', true],
  [String.raw`[a\-z]eb`, '-eb', true],
  [String.raw`\x77eb`, 'web', true],
  [String.raw`\167eb`, 'web', true],
  [String.raw`(w)\1`, 'ww', true],
  ['(?:a|b)$', 'a', true],
  ['(?!db)', 'web', true],
  [String.raw`größe\b`, 'größe', true],
  [String.raw`gr\wße`, 'größe', true],
  [String.raw`gr[\w.]ße`, 'größe', true],
  [String.raw`\W`, 'ö', false],
  [String.raw`\d`, '٣', true],
  [String.raw`(?a)gr\wße`, 'größe', false],
  ['[]]x', ']x', true],
  ['[^]]x', 'ax', true],
];

for (const [source, text, isMatch] of ROWS)
  test(`~${source} ${isMatch ? 'matches' : 'does not match'} ${text}`, () => {
    assert.equal(matches(source, text), isMatch);
  });

for (const [source, reason] of [
  ['(?x)web', /flag \(\?x\)/],
  ['(?>web)', /atomic group/],
  ['web++', /possessive quantifier/],
  ['(w)(?(1)e|b)', /condition/],
  ['we(?i)b', /flag behind the beginning/],
  [String.raw`\q`, /\\q is no escape/],
  ['(', /not a valid regular expression/],
  ['[]', /not a valid regular expression/],
  ['(?<n>a)', /a group \(\?<name>…\)/],
  ['a**', /not a valid regular expression/],
] as const)
  test(`~${source} is named instead of taken for something else`, () => {
    const read = pythonRegex(source);
    assert.match(read.ok ? 'taken' : read.reason, reason);
  });
