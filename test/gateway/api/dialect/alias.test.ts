import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aliasOf } from '../../../../src/gateway/api/dialect/alias.ts';

const ALIASES = new Map(
  ['phi3-3.8b', 'Big', 'big', 'tiny:1b', 'org/model', 'plain:latest'].map((name): [string, object] => [name, {}]),
);

test('an alias is found by the ways in which Ollama’s clients write a name, and only where it can be no other', () => {
  const rows: readonly (readonly [asked: string, alias: string])[] = [
    ['phi3-3.8b', 'phi3-3.8b'],
    ['phi3-3.8b:latest', 'phi3-3.8b'],
    [' PHI3-3.8B ', 'phi3-3.8b'],
    ['registry.ollama.ai/library/phi3-3.8b', 'phi3-3.8b'],
    ['plain', 'plain:latest'],
    ['org/model:latest', 'org/model'],
    ['Big', 'Big'],
    ['BIG', 'BIG'],
    ['tiny', 'tiny'],
    ['tiny:1b', 'tiny:1b'],
    ['model', 'model'],
  ];
  for (const [asked, alias] of rows) assert.equal(aliasOf(asked, ALIASES), alias, asked);
});

test('aliases of one model are no doubt', () => {
  const [one, other] = [{}, {}];
  const aliases = new Map([
    ['phi', one],
    ['phi:latest', one],
    ['Big', one],
    ['big', one],
    ['bIg', other],
  ]);
  assert.equal(aliasOf('PHI', aliases), 'phi');
  assert.equal(aliasOf('BIG', aliases), 'BIG');
});
