import { apiKeyHash, isApiKeyHash } from '../../core/api-key.ts';
import type { KeyConfig, TeamConfig } from '../../schema/gateway-config.ts';
import type { StoredRecord } from '../store/key-store.ts';
import type { AdminCall } from './admin-call.ts';
import { AdminError, notFound } from './admin-error.ts';

/** The hash in a reference to a key: its text or the hash itself, as in LiteLLM; `undefined` for an id. */
export function hashIn(reference: string): string | undefined {
  if (reference.startsWith('sk-')) return apiKeyHash(reference);
  return isApiKeyHash(reference) ? reference : undefined;
}

/** The keys of the operator's files, and behind them those that were taken out, which are blocked. */
export function fileKeysOf({ service: { config, keys }, nowMs }: AdminCall): readonly KeyConfig[] {
  return [...config.keys, ...keys.takenOut(nowMs)];
}

/** A key of the operator's files. */
export function fileKeyOf(call: AdminCall, reference: string): KeyConfig | undefined {
  const hash = hashIn(reference);
  return fileKeysOf(call).find((key) => (hash === undefined ? key.alias === reference : key.hash === hash));
}

export function fileTeamOf({ service: { config } }: AdminCall, id: string): TeamConfig | undefined {
  return config.teams.find(({ alias }) => alias === id);
}

/** The answer to a change of a thing that the operator's files define. */
export function inFile(call: AdminCall, kind: 'key' | 'team', alias: string, param: string): AdminError {
  const { configFile, service } = call;
  const isThere = kind === 'team' || service.config.keys.some((key) => key.alias === alias);
  if (!isThere)
    return new AdminError(
      409,
      `The key ${alias} was taken out of ${configFile} (hxllm.keys; on the operator's machine litellm_keys), so it is blocked. To use it again, put its line back there, and run: hxllm enforce.`,
      param,
    );
  return new AdminError(
    409,
    `The ${kind} ${alias} stands in ${configFile} (hxllm.${kind}s; on the operator's machine litellm_${kind}s). Change it there, and run: hxllm enforce.`,
    param,
  );
}

/** A key by its text, its hash or its id. */
export function findKey({ records, nowMs }: AdminCall, reference: string): Promise<StoredRecord | undefined> {
  const hash = hashIn(reference);
  return records.one({ kind: 'key', nowMs, ...(hash === undefined ? { ids: [reference] } : { hashes: [hash] }) });
}

/** The same for a change, which needs a key of the store. */
export async function changeableKey(call: AdminCall, reference: string, param = 'key'): Promise<StoredRecord> {
  const file = fileKeyOf(call, reference);
  if (file !== undefined) throw inFile(call, 'key', file.alias, param);
  const found = await findKey(call, reference);
  if (found === undefined) throw notFound('key', param, reference);
  return found;
}

/** A key by its `key_alias`, for a change. */
export async function changeableAlias(call: AdminCall, alias: string): Promise<StoredRecord> {
  if (call.service.config.keys.some((key) => key.alias === alias)) throw inFile(call, 'key', alias, 'key_alias');
  const found = await call.records.one({ kind: 'key', aliases: [alias], nowMs: call.nowMs });
  if (found === undefined) throw notFound('key', 'key_alias', alias);
  return found;
}

/** A team of the store, for a change. */
export async function changeableTeam(call: AdminCall, id: string): Promise<StoredRecord> {
  if (fileTeamOf(call, id) !== undefined) throw inFile(call, 'team', id, 'team_id');
  const found = await call.records.one({ kind: 'team', ids: [id], nowMs: call.nowMs });
  if (found === undefined) throw notFound('team', 'team_id', id);
  return found;
}
