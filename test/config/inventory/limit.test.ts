import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Findings } from '../../../src/config/findings.ts';
import { readIni } from '../../../src/config/inventory/ini.ts';
import { selectHosts } from '../../../src/config/inventory/limit.ts';

const fixtures = join(import.meta.dirname, '../fixtures');
const inventory = readIni(readFileSync(join(fixtures, 'precedence/dev.ini'), 'utf8'), 'dev.ini', new Findings());
const none = (): Promise<undefined> => Promise.resolve(undefined);

// Written by fixtures/record.py: what `ansible --list-hosts --limit` names.
const recorded = JSON.parse(readFileSync(join(fixtures, 'limits.json'), 'utf8')) as Readonly<
  Record<string, readonly string[]>
>;

test('every recorded pattern names the hosts that Ansible names', async () => {
  for (const [pattern, hosts] of Object.entries(recorded)) {
    const selected = await selectHosts(pattern, inventory, new Findings(), none);
    assert.deepEqual(selected.ok ? selected.value.toSorted() : [], hosts, pattern);
  }
});

test('hosts come in the order of the inventory, whatever the order of the pattern', async () => {
  assert.deepEqual(await selectHosts('web03,web01,alone', inventory, new Findings(), none), {
    ok: true,
    value: ['alone', 'web01', 'web03'],
  });
});

test('no match is a Problem that names the pattern and the hosts there are', async () => {
  const selected = await selectHosts('nosuch', inventory, new Findings(), none);
  assert.ok(!selected.ok);
  assert.equal(selected.problems[0].code, 'inventory.no-match');
  assert.match(selected.problems[0].detail, /nosuch is no host and no group.*alone/);
});

test('one name that is nowhere beside others is a warning', async () => {
  const findings = new Findings();
  assert.deepEqual(await selectHosts('web01,nosuch', inventory, findings, none), { ok: true, value: ['web01'] });
  assert.match(findings.warnings[0]?.detail ?? '', /nosuch/);
});

test('@file gives a pattern on each line, and a file that is not there is a Problem', async () => {
  const read = (file: string): Promise<readonly string[] | undefined> =>
    Promise.resolve(file === 'retry' ? ['web02', '', ' web01 '] : undefined);
  assert.deepEqual(await selectHosts('@retry', inventory, new Findings(), read), {
    ok: true,
    value: ['web01', 'web02'],
  });
  assert.equal((await selectHosts('@gone', inventory, new Findings(), read)).ok, false);
});

test('a regular expression that is none is a Problem, not an exception', async () => {
  const selected = await selectHosts('~(', inventory, new Findings(), none);
  assert.match(selected.ok ? '' : selected.problems[0].detail, /no regular expression/);
});
