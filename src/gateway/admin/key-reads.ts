import type { Json } from '../../core/json.ts';
import type { KeyConfig } from '../../schema/gateway-config.ts';
import type { RecordQuery } from '../store/key-store.ts';
import type { AdminCall } from './admin-call.ts';
import { AdminError, notFound, unfit } from './admin-error.ts';
import { numberAt, textAt, textsAt, wordAt } from './body-fields.ts';
import { fileKeyOf, fileKeysOf, findKey, hashIn } from './key-lookup.ts';
import { shownFileRow, shownRow } from './spent.ts';

const MOST_SIZE = 100;
const SORTS = { created_at: 'created', updated_at: 'updated', key_alias: 'alias', expires: 'expires' } as const;

/** GET /key/info: of any key, or of the key that asks. */
export async function keyInfo(call: AdminCall): Promise<unknown> {
  const asked = textAt(call.query, 'key');
  const reference = asked ?? call.key?.hash;
  if (reference === undefined) throw unfit('key', 'the parameter key: the text, hash or id of a key', undefined);
  const info = await infoOf(call, reference);
  if (info === undefined) throw notFound('key', 'key', reference);
  return { key: reference, info };
}

/** POST /v2/key/info: keys that do not exist are left out. */
export async function keyInfos(call: AdminCall): Promise<unknown> {
  const [keys, aliases] = [textsAt(call.body, 'keys'), textsAt(call.body, 'key_aliases')];
  if (keys === undefined && aliases === undefined) throw unfit('keys', 'keys or key_aliases', undefined);
  const key = keys ?? aliases ?? [];
  const info: Json[] = [];
  for (const each of key) {
    const row = await (keys === undefined ? infoOfAlias(call, each) : infoOf(call, each));
    if (row !== undefined) info.push(row);
  }
  return { key, info };
}

/** Keys that may do nothing else read themselves. */
function judgeReader({ role, key }: AdminCall, id: string): void {
  if (role !== 'none' || key?.stored?.id === id || (key?.stored === undefined && key?.hash === id)) return;
  throw new AdminError(403, 'This API key is not allowed to read other keys.', 'key');
}

async function infoOf(call: AdminCall, reference: string): Promise<Json | undefined> {
  const file = fileKeyOf(call, reference);
  if (file !== undefined) {
    judgeReader(call, file.hash);
    return shownFileRow(call, file);
  }
  const record = await findKey(call, reference);
  judgeReader(call, record?.id ?? '');
  return record === undefined ? undefined : shownRow(call, record);
}

async function infoOfAlias(call: AdminCall, alias: string): Promise<Json | undefined> {
  const file = call.service.config.keys.find((key) => key.alias === alias);
  if (file !== undefined) return infoOf(call, file.hash);
  const record = await call.records.one({ kind: 'key', aliases: [alias], nowMs: call.nowMs });
  judgeReader(call, record?.id ?? '');
  return record === undefined ? undefined : shownRow(call, record);
}

/** GET /key/list: those of the operator's files first. */
export async function listKeys(call: AdminCall): Promise<unknown> {
  const { query, nowMs } = call;
  const size = numberAt(query, 'size', { or: 10, most: MOST_SIZE });
  const isFull = flagAt(query, 'return_full_object');
  const sort = wordAt(query, 'sort_by', ['created_at', 'updated_at', 'key_alias', 'expires'] as const) ?? 'created_at';
  const order = wordAt(query, 'sort_order', ['asc', 'desc'] as const) ?? 'desc';
  const hash = textAt(query, 'key_hash');
  const page = await pageOf(call, size, {
    kind: 'key',
    nowMs,
    teamId: textAt(query, 'team_id'),
    userId: textAt(query, 'user_id'),
    organizationId: textAt(query, 'organization_id'),
    search: textAt(query, 'search'),
    status: wordAt(query, 'status', ['active', 'expired', 'revoked', 'deleted'] as const),
    ...(hash === undefined ? {} : { hashes: [hashIn(hash) ?? hash] }),
    ...(typeof query['key_alias'] === 'string' ? { aliases: [query['key_alias']] } : {}),
    sortBy: SORTS[sort],
    descending: order === 'desc',
  });
  const keys = page.found.map(({ hash: token, row }) => (isFull ? { token, ...row() } : token));
  return { keys, ...page.counts };
}

/** GET /key/aliases */
export async function listAliases(call: AdminCall): Promise<unknown> {
  const { query, nowMs } = call;
  const size = numberAt(query, 'size', { or: 50, most: MOST_SIZE });
  const search = textAt(query, 'search');
  const page = await pageOf(call, size, { kind: 'key', nowMs, search: search ?? '', sortBy: 'alias' });
  return { aliases: page.found.map(({ alias }) => alias), ...page.counts };
}

/** GET /key/health */
export async function keyHealth(): Promise<unknown> {
  return Promise.resolve({ key: 'healthy' });
}

interface FoundKey {
  readonly hash: string;
  readonly alias: string | undefined;
  readonly row: () => Json;
}

async function pageOf(
  call: AdminCall,
  size: number,
  query: RecordQuery,
): Promise<{ readonly found: readonly FoundKey[]; readonly counts: object }> {
  const { records } = call;
  const number = numberAt(call.query, 'page', { or: 1, most: 1_000_000 });
  const from = (number - 1) * size;
  const files = fileKeysOf(call).filter((key) => fileMatches(key, query));
  const ofFiles = files.slice(from, from + size);
  const limit = size - ofFiles.length;
  const { records: stored, total } = await records.find({ ...query, offset: Math.max(0, from - files.length), limit });
  const found = [
    ...ofFiles.map((key) => ({
      hash: key.hash,
      alias: key.alias,
      row: () => shownFileRow(call, key),
    })),
    ...stored.map((record) => ({
      hash: record.hash ?? '',
      alias: record.alias,
      row: () => shownRow(call, record),
    })),
  ];
  const all = files.length + total;
  return { found, counts: { total_count: all, current_page: number, total_pages: Math.ceil(all / size) } };
}

function fileMatches(key: KeyConfig, { nowMs, ...query }: RecordQuery): boolean {
  const { expiresMs = Infinity } = key;
  const isExpired = expiresMs <= nowMs;
  const state = { active: !isExpired && !key.blocked, expired: isExpired, revoked: key.blocked, deleted: false };
  return (
    (query.teamId === undefined || query.teamId === key.team) &&
    query.userId === undefined &&
    query.organizationId === undefined &&
    (query.search === undefined || key.alias.toLowerCase().includes(query.search.toLowerCase())) &&
    (query.status === undefined || state[query.status]) &&
    (query.hashes?.includes(key.hash) ?? true) &&
    (query.aliases?.includes(key.alias) ?? true)
  );
}

function flagAt(query: Json, name: string): boolean {
  return ['true', '1', 'yes', 'on'].includes(String(query[name]).toLowerCase());
}
