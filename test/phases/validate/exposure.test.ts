import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { judgeExposure, WAIVERS } from '../../../src/phases/validate/exposure.ts';

function said(version: string, level: string, settings: readonly object[] = []): string {
  return [
    'welcome',
    `hxllm:systemd ${version}`,
    `hxllm:exposure ${level}`,
    `hxllm:settings ${JSON.stringify(settings)}`,
  ].join('\n');
}

// As systemd 252 writes them.
const OPEN = { set: false, name: 'PrivateNetwork=', json_field: 'PrivateNetwork', exposure: '0.5' };
const CLOSED = { set: true, name: 'SystemCallFilter=~@swap', json_field: 'SystemCallFilter_swap', exposure: null };
const LOST = { set: false, name: 'NoNewPrivileges=', json_field: 'NoNewPrivileges', exposure: '0.2' };

test('an exposure of 1.3 passes, and names each setting that is left out with its reason', () => {
  const verdict = judgeExposure(said('252', '1.3', [OPEN, CLOSED]));
  assert.deepEqual(
    [verdict.outcome, verdict.seen],
    ['pass', 'exposure 1.3; without PrivateNetwork= (it serves the network)'],
  );
});

test('a unit that is more open fails, and the settings that it lacks are named', () => {
  const verdict = judgeExposure(said('252', '1.5', [OPEN, LOST, CLOSED]));
  assert.deepEqual(
    [verdict.outcome, verdict.wanted, verdict.seen],
    ['fail', 'an exposure of at most 1.3', 'exposure 1.5; missing: NoNewPrivileges='],
  );
});

test('a systemd that judges loaded units only is not applicable, and one that says nothing is unknown', () => {
  const old = judgeExposure(said('249', ''));
  assert.deepEqual(
    [old.outcome, old.seen],
    ['not-applicable', 'systemd 249 judges loaded units only; from 250 on it judges a file'],
  );
  assert.equal(judgeExposure('').outcome, 'unknown');
  assert.equal(judgeExposure(said('252', '')).outcome, 'unknown');
});

test('the page about security lists each setting that is left out, with its reason, and no other one', () => {
  const page = readFileSync(new URL('../../../src/docs/security.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `([^`]+=[^`]*)` \| (.*) \|$/gm)].map(([, name = '', why]) => [
    name.replaceAll('\\|', '|'),
    why,
  ]);
  assert.deepEqual(Object.fromEntries(listed), WAIVERS);
});
