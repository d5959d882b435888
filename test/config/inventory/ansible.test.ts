import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Findings } from '../../../src/config/findings.ts';
import type { Inventory } from '../../../src/config/inventory/inventory.ts';
import { readInventory } from '../../../src/config/inventory/read-inventory.ts';
import { SourceFiles } from '../../../src/config/source-files.ts';
import { plainOf } from '../../../src/config/value.ts';
import { mergeVariables, VariableFolders } from '../../../src/config/variables/merge.ts';
import { Keyring } from '../../../src/config/vault/keyring.ts';

interface Recorded {
  readonly _meta: { readonly hostvars: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  readonly [group: string]: {
    readonly hosts?: readonly string[];
    readonly children?: readonly string[];
    readonly hostvars?: unknown;
  };
}

/** Output of ansible-core 2.19.14 for the same files; see fixtures/record.sh. */
function recordedIn(folder: string): Recorded {
  const parsed: unknown = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'), (_key, value: unknown) =>
    // Ansible marks `!unsafe` text in its output.
    typeof value === 'object' && value !== null && '__ansible_unsafe' in value ? value.__ansible_unsafe : value,
  );
  // The output of ansible-inventory has this form.
  return parsed as Recorded;
}

async function readOurs(file: string): Promise<{
  readonly inventory: Inventory;
  readonly variablesOf: (host: string) => Promise<Record<string, unknown>>;
}> {
  const findings = new Findings();
  const files = new SourceFiles(dirname(file), new Keyring([]));
  const inventory = await readInventory(file, files, findings);
  assert.ok(inventory.ok, JSON.stringify(inventory));
  assert.deepEqual(findings.errors, []);
  const folders = new VariableFolders([dirname(file)], files, findings);
  return {
    inventory: inventory.value,
    variablesOf: async (host) => {
      const scope = await mergeVariables(host, inventory.value, file, folders);
      assert.ok(scope.ok, JSON.stringify(scope));
      return Object.fromEntries(
        [...scope.value.variables]
          .filter(([name]) => !name.startsWith('inventory_'))
          .map(([name, value]) => [name, plainOf(value)]),
      );
    },
  };
}

for (const file of ['precedence/dev.ini', 'yaml/dev.yml']) {
  const path = join(import.meta.dirname, '../fixtures', file);

  test(`every variable of every host in ${file} has Ansible’s value`, async () => {
    const recorded = recordedIn(dirname(path));
    const ours = await readOurs(path);
    assert.deepEqual(
      [...ours.inventory.hosts.keys()].toSorted(),
      [
        ...new Set([
          ...Object.keys(recorded._meta.hostvars),
          ...Object.entries(recorded).flatMap(([group, { hosts }]) => (group === '_meta' ? [] : (hosts ?? []))),
        ]),
      ].toSorted(),
    );
    for (const [host, variables] of Object.entries(recorded._meta.hostvars))
      assert.deepEqual(await ours.variablesOf(host), variables, host);
  });

  test(`the groups of ${file} have the hosts and children that Ansible gives them`, async () => {
    const { _meta, ...recorded } = recordedIn(dirname(path));
    const { inventory } = await readOurs(path);
    for (const [name, group] of Object.entries(recorded)) {
      const ours = inventory.groups.get(name);
      // Ansible does not print the variables of `all`.
      if (name !== 'all')
        assert.deepEqual([...(ours?.hosts ?? [])].toSorted(), [...(group.hosts ?? [])].toSorted(), `hosts of ${name}`);
      assert.deepEqual(
        [...(ours?.children ?? [])].toSorted(),
        [...(group.children ?? [])].toSorted(),
        `children of ${name}`,
      );
    }
  });
}
