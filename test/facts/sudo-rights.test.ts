import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isAsRoot, mayRunBash, parseSudoRights } from '../../src/facts/sudo-rights.ts';

const sample = (name: string): string => readFileSync(new URL(`samples/${name}.txt`, import.meta.url), 'utf8');
const list = (...rules: readonly string[]): string =>
  `User deploy may run the following commands on hx:\n${rules.map((rule) => `    ${rule}\n`).join('')}`;

test('the rights of a user are read from sudo’s list', () => {
  assert.deepEqual(parseSudoRights(sample('sudo-list-all')), [
    { runAs: 'ALL : ALL', tags: ['NOPASSWD'], commands: ['ALL'] },
  ]);
  assert.deepEqual(parseSudoRights(sample('sudo-list-one')), [
    { runAs: 'root', tags: ['NOPASSWD'], commands: ['/usr/bin/systemctl restart litellm'] },
  ]);
  assert.deepEqual(parseSudoRights('User bob is not allowed to run sudo on hx.\n'), []);
  assert.equal(parseSudoRights('sudo: a password is required\n'), undefined);
});

test('bash as root counts, whatever else is listed; a later rule may forbid it', () => {
  const may = (...rules: readonly string[]): boolean => mayRunBash(parseSudoRights(list(...rules)) ?? []);
  assert.equal(may('(root) NOPASSWD: /usr/bin/bash, /bin/bash'), true);
  assert.equal(may('(ALL) ALL'), true);
  assert.equal(may('(ALL : ALL) ALL', '(root) !/usr/bin/bash'), false);
  assert.equal(may('(root) NOPASSWD: ALL, !/bin/su'), true);
  assert.equal(may('(www-data) NOPASSWD: ALL'), false);
  assert.equal(may('(root) NOPASSWD: /usr/bin/systemctl, (ALL) /usr/bin/bashful'), false);
  assert.equal(isAsRoot({ runAs: 'www-data, root', tags: [], commands: [] }), true);
});
