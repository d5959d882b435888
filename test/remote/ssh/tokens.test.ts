import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandWords, fillTokens, pathOf, separatePaths, tokensOf } from '../../../src/remote/ssh/tokens.ts';

const person = { home: '/home/ann', userName: 'ann', environment: { KEYS: '/mnt/my keys', EMPTY: '' } };
const tokens = tokensOf(person, {
  hostName: '10.0.0.5',
  address: 'hx',
  port: 2222,
  user: 'deploy',
  alias: undefined,
  jump: undefined,
});

test('tokens, ~ and variables are replaced; a variable that is not set stays, and so does an unknown token', () => {
  assert.equal(fillTokens('%h|%n|%p|%r|%u|%d|%k|%%|%z', tokens), '10.0.0.5|hx|2222|deploy|ann|/home/ann|hx|%|%z');
  for (const [text, path] of [
    ['~/.ssh/%r@%h', '/home/ann/.ssh/deploy@10.0.0.5'],
    ['${KEYS}/id', '/mnt/my keys/id'],
    ['${NOWHERE}/id', '${NOWHERE}/id'],
    ['~bob/id', '~bob/id'],
  ] as const)
    assert.equal(pathOf(text, tokens, person), path);
});

test('the paths that ssh -G prints without quotation marks are separated again', () => {
  const same = (text: string): string => text;
  const files = new Set(['/home/a b/known', '/x y']);
  const separate = (text: string): readonly string[] => separatePaths(text, same, (path) => files.has(path));
  assert.deepEqual(separate('/home/a b/known /home/ann/known2'), ['/home/a b/known', '/home/ann/known2']);
  assert.deepEqual(separate('/x y /home/a b/known'), ['/x y', '/home/a b/known']);
  // Without any file, a word that starts like a path begins one.
  assert.deepEqual(separate('/new folder/known ~/.ssh/known'), ['/new folder/known', '~/.ssh/known']);
  assert.deepEqual([separate('none'), separate('')], [[], []]);
});

test('a command keeps the words of its quotation marks, and the tokens about a key', () => {
  assert.deepEqual(commandWords(String.raw`/bin/known "a b" 'c d' e\ f %r %I %% %K`, tokens), [
    '/bin/known',
    'a b',
    'c d',
    'e f',
    'deploy',
    '%I',
    '%%',
    '%K',
  ]);
  assert.equal(commandWords(undefined, tokens), undefined);
});
