import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Findings } from '../../../src/config/findings.ts';
import { readIni } from '../../../src/config/inventory/ini.ts';
import { InventoryBuilder, type Inventory } from '../../../src/config/inventory/inventory.ts';
import { selectHosts } from '../../../src/config/inventory/limit.ts';

const fixtures = join(import.meta.dirname, '../fixtures');
const inventory = inventoryOf('precedence/dev.ini');
const none = (): Promise<undefined> => Promise.resolve(undefined);

// Written by fixtures/record.py: the hosts that ansible-core 2.19 selects, in its order; none where it refuses the pattern.
const recorded = JSON.parse(readFileSync(join(fixtures, 'limits/expected.json'), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, readonly string[]>>>
>;

for (const [file, patterns] of Object.entries(recorded))
  test(`every recorded pattern selects the same hosts of ${file} as Ansible, in the same order`, async () => {
    const read = inventoryOf(file);
    const wrong: unknown[] = [];
    for (const [pattern, hosts] of Object.entries(patterns)) {
      const selected = await selectHosts(pattern, read, new Findings(), none);
      const ours = selected.ok ? selected.value : [];
      if (ours.join(' ') !== hosts.join(' ')) wrong.push({ pattern, ours: ours.join(' '), hosts: hosts.join(' ') });
    }
    assert.deepEqual(wrong, []);
    assert.ok(Object.keys(patterns).length > 300);
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
    value: ['web02', 'web01'],
  });
  assert.equal((await selectHosts('@gone', inventory, new Findings(), read)).ok, false);
});

test('an invalid regular expression is a Problem, not an exception', async () => {
  const selected = await selectHosts('~(', inventory, new Findings(), none);
  assert.match(selected.ok ? '' : selected.problems[0].detail, /not a valid regular expression/);
});

function inventoryOf(file: string): Inventory {
  const builder = new InventoryBuilder();
  const path = join(fixtures, file);
  readIni(readFileSync(path, 'utf8'), { file, path }, builder, new Findings());
  return builder.build();
}
