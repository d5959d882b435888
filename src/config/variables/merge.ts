import { isIPv4, isIPv6 } from 'node:net';
import { dirname } from 'node:path';
import type { InventoryHost } from '../inventory/inventory.ts';
import { scalar, variablesOf } from '../value.ts';
import type { Layer } from './layers.ts';
import type { Scope } from './template.ts';

/** Merges the layers of a host: later ones override earlier ones. Dicts are replaced, not merged. */
export function mergeLayers(host: InventoryHost, layers: readonly Layer[]): Scope {
  const variables = variablesOf(layers.flatMap(({ definitions }) => definitions));
  for (const [name, text] of magicOf(host)) variables.set(name, scalar(text, { path: name }, { literal: true }));
  return { variables, lockedFiles: layers.flatMap(({ lockedFiles }) => lockedFiles) };
}

/** Names of variables that Ansible sets itself. */
export const MAGIC_NAMES: ReadonlySet<string> = new Set([
  'inventory_hostname',
  'inventory_hostname_short',
  'inventory_file',
  'inventory_dir',
]);

function magicOf({ name, source }: InventoryHost): readonly (readonly [string, string])[] {
  return [
    ['inventory_hostname', name],
    ['inventory_hostname_short', isIPv4(name) || isIPv6(name) ? name : name.replace(/\..*$/, '')],
    ['inventory_file', source],
    ['inventory_dir', dirname(source)],
  ];
}
