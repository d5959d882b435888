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

// Written by fixtures/record.py: the output of `ansible --list-hosts --limit`.
const recorded = JSON.parse(readFileSync(join(fixtures, 'limits.json'), 'utf8')) as Readonly<
  Record<string, readonly string[]>
>;

test('every recorded pattern selects the same hosts as Ansible', async () => {
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

test('no match is a Problem with the pattern and the hosts of the inventory', async () => {
  const selected = await selectHosts('nosuch', inventory, new Findings(), none);
  assert.ok(!selected.ok);
  assert.equal(selected.problems[0].code, 'inventory.no-match');
  assert.match(selected.problems[0].detail, /nosuch is neither a host nor a group.*alone/);
});

test('a name that is close to a known one is suggested', async () => {
  const selected = await selectHosts('wbe03', inventory, new Findings(), none);
  assert.ok(!selected.ok);
  assert.match(selected.problems[0].detail, /wbe03 is neither a host nor a group \(did you mean web03\?\)/);
});

test('an unknown name beside known ones is a warning', async () => {
  const findings = new Findings();
  assert.deepEqual(await selectHosts('web01,nosuch', inventory, findings, none), { ok: true, value: ['web01'] });
  assert.match(findings.warnings[0]?.detail ?? '', /nosuch/);
});

test('@file has one pattern on each line, and a missing file is a Problem', async () => {
  const read = (file: string): Promise<readonly string[] | undefined> =>
    Promise.resolve(file === 'retry' ? ['web02', '', ' web01 '] : undefined);
  assert.deepEqual(await selectHosts('@retry', inventory, new Findings(), read), {
    ok: true,
    value: ['web01', 'web02'],
  });
  assert.equal((await selectHosts('@gone', inventory, new Findings(), read)).ok, false);
});

test('an invalid regular expression is a Problem, not an exception', async () => {
  const selected = await selectHosts('~(', inventory, new Findings(), none);
  assert.match(selected.ok ? '' : selected.problems[0].detail, /not a valid regular expression/);
});
