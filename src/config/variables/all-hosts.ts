import { ok, type Result } from '../../core/problem.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { layersOf, type VariableFolders } from './layers.ts';
import { mergeLayers } from './merge.ts';
import type { Scope } from './template.ts';

/** The merged variables of these hosts, in their order. */
export async function scopesOf(
  names: readonly string[],
  inventory: Inventory,
  folders: VariableFolders,
): Promise<Result<ReadonlyMap<string, Scope>>> {
  const scopes = new Map<string, Scope>();
  for (const name of names) {
    const host = inventory.hosts.get(name);
    if (host === undefined) continue;
    const layers = await layersOf(name, inventory, folders);
    if (!layers.ok) return layers;
    scopes.set(name, mergeLayers(host, layers.value));
  }
  return ok(scopes);
}
