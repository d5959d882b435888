import { isApiKeyHash } from '../../core/api-key.ts';
import { errorMessage } from '../../core/error.ts';
import { randomId } from '../../core/id.ts';
import { instantOf } from '../../core/instant.ts';
import { isObject, type Json } from '../../core/json.ts';
import type { AdminCall } from './admin-call.ts';
import { leavesUnspentBudget } from './unspent-budget.ts';
import { AdminError, unfit } from './admin-error.ts';
import { fieldsIn, neededText, textAt } from './body-fields.ts';
import { fileKeyOf } from './key-lookup.ts';
import { judgeKey } from './new-key.ts';
import { newRecord, type PlannedChange } from './record-content.ts';
import { takeSpend } from './spent.ts';

/** Most keys of one call: it is one transaction, and one turn of other callers. */
const MOST_KEYS = 500;

/** A key that was not taken, by its place in the list. */
interface LeftKey {
  readonly index: number;
  readonly reason: string;
}

/**
 * POST /key/import, which LiteLLM does not have: takes keys by their hashes (`token`), so that keys of another installation go on working. Each
 * one is taken or left with its reason. A second call with the same list takes none again.
 */
export async function importKeys(call: AdminCall): Promise<unknown> {
  const { body, records, source } = call;
  const { keys } = body;
  if (!Array.isArray(keys) || keys.length > MOST_KEYS)
    throw unfit('keys', `a list of at most ${String(MOST_KEYS)} keys`, Array.isArray(keys) ? keys.length : keys);
  const taken = await records.change(source, async () => {
    const changes: PlannedChange[] = [];
    const spent: { readonly id: string; readonly fields: Json }[] = [];
    const left: LeftKey[] = [];
    const ignored = new Set<string>();
    const names = await takenIn(call, keys);
    for (const [index, key] of keys.entries()) {
      try {
        const change = await planImport(call, key, names, ignored);
        changes.push(change);
        if (isObject(key) && key['spend'] !== 0) spent.push({ id: change.after.id, fields: key });
      } catch (error) {
        if (!(error instanceof AdminError)) throw error;
        left.push({ index, reason: `${error.param === null ? '' : `${error.param}: `}${errorMessage(error)}` });
      }
    }
    const result = { imported: changes.length, left, ignored_fields: [...ignored] };
    return { changes, result: { result, spent } };
  });
  // The amounts of the running period of a budget count here, too.
  for (const { id, fields } of taken.spent) await takeSpend(call, 'key', id, fields);
  return taken.result;
}

interface TakenNames {
  readonly hashes: Set<string>;
  readonly aliases: Set<string>;
}

/** The hashes and aliases of a list that other keys have. */
async function takenIn({ records, nowMs }: AdminCall, keys: readonly unknown[]): Promise<TakenNames> {
  const texts = (name: string): readonly string[] =>
    keys.flatMap((key) => (isObject(key) && typeof key[name] === 'string' ? [key[name]] : []));
  const ofHashes = await records.all({ kind: 'key', hashes: texts('token'), nowMs });
  const ofAliases = await records.all({ kind: 'key', aliases: texts('key_alias'), nowMs });
  const hashes = ofHashes.flatMap(({ hash = '', former = [] }) => [hash, ...former.map((one) => one.hash)]);
  return { hashes: new Set(hashes), aliases: new Set(ofAliases.flatMap(({ alias }) => alias ?? [])) };
}

async function planImport(
  call: AdminCall,
  key: unknown,
  taken: TakenNames,
  ignored: Set<string>,
): Promise<PlannedChange> {
  const { nowMs, source } = call;
  if (!isObject(key)) throw unfit(null, 'an object', key);
  const hash = neededText(key, 'token');
  if (!isApiKeyHash(hash))
    throw new AdminError(400, 'Expected the SHA-256 of the key as 64 hexadecimal digits.', 'token');
  if (taken.hashes.has(hash) || fileKeyOf(call, hash) !== undefined)
    throw new AdminError(400, 'The gateway has this key already.', 'token');
  const read = fieldsIn('key', key, ['token', 'expires', 'key_name', 'duration']);
  for (const name of read.ignored) ignored.add(name);
  const alias = textAt(read.fields, 'key_alias');
  if (alias !== undefined && taken.aliases.has(alias))
    throw new AdminError(400, 'Another key has this name.', 'key_alias');
  await judgeKey(call, read.fields);
  taken.hashes.add(hash);
  if (alias !== undefined) taken.aliases.add(alias);
  const change = newRecord('key', read.fields, {
    id: `key-${randomId()}`,
    hash,
    nowMs,
    by: source.by,
    expiresMs: expiryOf(key),
    notes: { key_name: textAt(key, 'key_name') ?? null },
  });
  if (leavesUnspentBudget(change, call.service)) ignored.add('max_budget');
  return change;
}

function expiryOf(key: Json): number | undefined {
  const text = textAt(key, 'expires');
  if (text === undefined) return undefined;
  const ms = instantOf(text);
  if (ms === undefined) throw unfit('expires', 'a date and a time as ISO 8601', text);
  return ms;
}
