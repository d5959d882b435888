import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { listInventory } from './agreement/listed.ts';

interface Recorded {
  readonly _meta: { readonly hostvars: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  readonly [group: string]: {
    readonly hosts?: readonly string[];
    readonly children?: readonly string[];
    readonly hostvars?: unknown;
  };
}

/** Output of ansible-core 2.19.14 for the same files; see fixtures/record.py. */
function recordedIn(folder: string): Recorded {
  // The output of ansible-inventory has this form.
  return JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Recorded;
}

async function ours(path: string): Promise<Recorded> {
  const listed = await listInventory({
    cwd: dirname(path),
    inventories: [path],
    environment: {},
    vaultPasswordFile: undefined,
  });
  assert.ok(listed.ok, JSON.stringify(listed));
  // The form of `listingOf`.
  return listed.listing as Recorded;
}

for (const file of ['precedence/dev.ini', 'yaml/dev.yml']) {
  const path = join(import.meta.dirname, '../fixtures', file);

  test(`every variable of every host in ${file} has Ansible’s value`, async () => {
    assert.deepEqual((await ours(path))._meta.hostvars, recordedIn(dirname(path))._meta.hostvars);
  });

  test(`the groups of ${file} have the hosts and children that Ansible gives them`, async () => {
    const { _meta: _theirs, ...recorded } = recordedIn(dirname(path));
    const { _meta: _ours, ...listed } = await ours(path);
    assert.deepEqual(listed, recorded);
  });
}
