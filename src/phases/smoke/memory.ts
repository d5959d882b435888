import { isSameModel } from '../../core/model-name.ts';
import { at, jsonOf, replyOf, type Exchange } from './exchange.ts';

/** A server with an alias in memory, and the alias's slots there if the gateway knows their number. */
export interface Resident {
  readonly server: string;
  readonly slots: number | undefined;
}

/** The servers with each alias in memory, as the gateway's `/health` shows them; `undefined` if it shows none of this. */
export type Memory = ReadonlyMap<string, readonly Resident[]>;

/** Reads `/health`: its deployments name the alias and the model, its backends the models in memory. */
export function readMemory(exchange: Exchange | undefined): Memory | undefined {
  const reply = replyOf(exchange);
  if (reply?.status !== 200) return undefined;
  const body = jsonOf(reply);
  const backends = listOf(at(body, 'backends'));
  if (backends.length === 0) return undefined;
  const memory = new Map<string, Resident[]>();
  for (const endpoint of listOf(at(body, 'healthy_endpoints'))) {
    const [alias, model, base] = ['model_name', 'model', 'api_base'].map((key) => at(endpoint, key));
    if (typeof alias !== 'string' || typeof model !== 'string' || typeof base !== 'string') continue;
    const backend = backends.find((one) => isSameUrl(at(one, 'backend'), base));
    const name = listOf(at(backend, 'resident')).find((one) => typeof one === 'string' && isSameModel(one, model));
    if (backend === undefined || name === undefined) continue;
    const residents = memory.get(alias) ?? [];
    if (residents.some(({ server }) => server === base)) continue;
    memory.set(alias, [...residents, { server: base, slots: slotsOf(at(backend, 'slots'), model) }]);
  }
  return memory;
}

/** The servers of each alias, as `/health` lists them, those that are down included; `undefined` if it lists none. */
export function readDeployments(exchange: Exchange | undefined): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  const reply = replyOf(exchange);
  if (reply?.status !== 200) return undefined;
  const body = jsonOf(reply);
  const entries = [...listOf(at(body, 'healthy_endpoints')), ...listOf(at(body, 'unhealthy_endpoints'))];
  if (entries.length === 0) return undefined;
  const servers = new Map<string, Set<string>>();
  for (const entry of entries) {
    const [alias, base] = [at(entry, 'model_name'), at(entry, 'api_base')];
    if (typeof alias === 'string' && typeof base === 'string')
      servers.set(alias, (servers.get(alias) ?? new Set()).add(base));
  }
  return servers;
}

/** Whether a server has an alias in memory. */
export function hasInMemory(memory: Memory | undefined, alias: string, server: string): boolean {
  return memory?.get(alias)?.some((resident) => isSameUrl(resident.server, server)) ?? false;
}

/** The slots in use on all servers, as `/health` shows them; `undefined` if it does not. */
export function takenSlots(exchange: Exchange | undefined): number | undefined {
  const reply = replyOf(exchange);
  if (reply?.status !== 200) return undefined;
  const backends = listOf(at(jsonOf(reply), 'backends'));
  const counts = backends.flatMap((backend) => {
    const slots = at(backend, 'slots');
    return typeof slots === 'object' && slots !== null ? Object.values(slots).map((entry) => at(entry, 'taken')) : [];
  });
  if (counts.length === 0) return undefined;
  return counts.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
}

function slotsOf(slots: unknown, model: string): number | undefined {
  if (typeof slots !== 'object' || slots === null) return undefined;
  const [, entry] = Object.entries(slots).find(([name]) => isSameModel(name, model)) ?? [];
  const known = at(entry, 'known');
  return typeof known === 'number' ? known : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isSameUrl(a: unknown, b: string): boolean {
  return typeof a === 'string' && a.replace(/\/+$/, '') === b.replace(/\/+$/, '');
}
