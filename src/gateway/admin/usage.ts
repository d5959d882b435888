import type { Json } from '../../core/json.ts';
import { jsonList, LongText } from '../http/long-text.ts';
import { keyIdOf } from '../keys/client-key.ts';
import { DAY_MS, KEPT_ROWS_MS, USAGE_DIMENSIONS, type StoredUsage, type UsageFilter } from '../store/usage-store.ts';
import type { AdminCall } from './admin-call.ts';
import { AdminError, unfit } from './admin-error.ts';
import { numberAt, textAt, wordAt } from './body-fields.ts';
import { fileKeyOf, findKey } from './key-lookup.ts';
import { timeText } from './rows.ts';

const MOST_SIZE = 1000;
const CALL_TYPES: Readonly<Record<string, string>> = { anthropic: 'anthropic_messages', responses: 'aresponses' };

/**
 * GET /spend/logs: with days and without `summarize=false` the costs of each day, else a page of rows, the latest first. A key without a role
 * sees its own.
 */
export async function spendLogs(call: AdminCall): Promise<unknown> {
  const { query } = call;
  const from = dayAt(query, 'start_date');
  const to = dayAt(query, 'end_date');
  const filter: UsageFilter = {
    id: requestIdAt(query),
    keyId: await keyIdAt(call),
    userId: textAt(query, 'user_id'),
    fromMs: from,
    toMs: to === undefined ? undefined : to + DAY_MS,
  };
  if ((from !== undefined || to !== undefined) && query['summarize'] !== 'false') {
    return costsOfDays(call, filter);
  }
  const limit = numberAt(query, 'page_size', { or: 100, most: MOST_SIZE });
  const page = numberAt(query, 'page', { or: 1, most: 1_000_000 });
  const offset = (page - 1) * limit;
  const rows = await call.records.usage((store) => store.findUsage({ filter, limit, offset }), []);
  const hashes = await hashesOf(call, rows);
  return jsonList(rows, (row) => spendRow(row, hashes));
}

/** The costs of each day that has rows. Day by day, so that no other call of the store waits for all of them. */
async function costsOfDays({ records, nowMs }: AdminCall, filter: UsageFilter): Promise<unknown> {
  const dayOf = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS;
  const firstMs = Math.max(filter.fromMs ?? 0, dayOf(nowMs - KEPT_ROWS_MS));
  const lastMs = Math.min((filter.toMs ?? Infinity) - DAY_MS, dayOf(nowMs));
  const days: (string | Uint8Array<ArrayBuffer>)[] = [];
  for (let dayMs = firstMs; dayMs <= lastMs; dayMs += DAY_MS) {
    const day = await records.usage((store) => store.costsOfDay(filter, dayMs), undefined);
    if (day !== undefined) days.push(days.length === 0 ? '' : ',', day);
  }
  return new LongText('[', ...days, ']');
}

/** GET /global/spend: the costs of all requests of the last three years. */
export async function globalSpend(call: AdminCall): Promise<unknown> {
  const spend = await call.records.usage((store) => store.costBefore(call.nowMs + DAY_MS), 0);
  return { spend, max_budget: 0 };
}

/** GET /usage: sums by day, key, team, user, model, backend or tag. Days are those of UTC. hxllm's own call. */
export async function usageReport(call: AdminCall): Promise<unknown> {
  const { query, nowMs } = call;
  const by = wordAt(query, 'by', USAGE_DIMENSIONS) ?? 'day';
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const since = dayAt(query, 'since') ?? today - 29 * DAY_MS;
  const until = dayAt(query, 'until') ?? today;
  if (until < since) throw new AdminError(422, 'Expected until at or after since, found a day before it.', 'until');
  const rows = await call.records.usage(
    (store) => store.sumUsage({ by, fromMs: since, toMs: until + DAY_MS }),
    Buffer.from('[]'),
  );
  const head = JSON.stringify({ by, since: dayText(since), until: dayText(until) }).slice(0, -1);
  return new LongText(`${head},"rows":`, rows, '}');
}

/** A day of a query as its first moment in UTC. */
function dayAt(query: Json, name: string): number | undefined {
  const text = textAt(query, name);
  if (text === undefined) return undefined;
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || dayText(ms) !== text) throw unfit(name, 'a day as YYYY-MM-DD', text);
  return ms;
}

function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** A request by the id of its row, or by `x-request-id`. */
function requestIdAt(query: Json): string | undefined {
  const text = textAt(query, 'request_id');
  if (text === undefined) return undefined;
  const id = text.replace(/^req_/, '').replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(id)) throw unfit('request_id', 'the id of a request', text);
  return id;
}

/** The lasting id of the key that is asked for: by its text, hash or id. */
async function keyIdAt(call: AdminCall): Promise<string | undefined> {
  const own = call.role === 'none' && call.key !== undefined ? keyIdOf(call.key) : undefined;
  const asked = textAt(call.query, 'api_key');
  if (asked === undefined) return own;
  const id = fileKeyOf(call, asked)?.alias ?? (await findKey(call, asked))?.id ?? asked;
  if (own !== undefined && id !== own)
    throw new AdminError(403, 'This API key is not allowed to read the usage of other keys.', 'api_key');
  // Rows of a deleted key are found by its id.
  return id;
}

async function hashesOf(call: AdminCall, rows: readonly StoredUsage[]): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(rows.flatMap(({ key_id }) => key_id ?? []))];
  const { records } = await call.records.find({ kind: 'key', ids, nowMs: call.nowMs, limit: MOST_SIZE });
  const ofFile = call.service.config.keys.map(({ alias, hash }): [string, string] => [alias, hash]);
  return new Map([...ofFile, ...records.map(({ id, hash = '' }): [string, string] => [id, hash])]);
}

/** The price that the cost was found with: a later one in config.yaml changes no row. */
function priceOfRow({ price }: StoredUsage): Json {
  return { input_cost_per_token: price?.[0] ?? 0, output_cost_per_token: price?.[1] ?? 0 };
}

function spendRow(row: StoredUsage, hashes: ReadonlyMap<string, string>): Json {
  const { id, atMs, key_id, dialect, ended, tags, ttft_ms, total_ms } = row;
  const after = (ms: number | null): string | null => (ms === null ? null : timeText(atMs + Math.round(ms)));
  return {
    request_id: `${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20)}`,
    call_type: CALL_TYPES[dialect ?? ''] ?? 'acompletion',
    api_key: key_id === null ? '' : (hashes.get(key_id) ?? ''),
    spend: row.cost,
    ...priceOfRow(row),
    total_tokens: row.prompt_tokens + row.completion_tokens,
    prompt_tokens: row.prompt_tokens,
    completion_tokens: row.completion_tokens,
    startTime: timeText(atMs),
    endTime: after(total_ms),
    completionStartTime: after(ttft_ms),
    request_duration_ms: total_ms,
    model: row.model ?? '',
    model_group: row.alias ?? '',
    model_id: '',
    api_base: row.backend ?? '',
    user: row.user_id ?? '',
    end_user: row.end_user ?? '',
    team_id: row.team_id,
    request_tags: tags,
    cache_hit: 'False',
    metadata: {},
    status: ended === 'answered' ? 'success' : 'failure',
    session_id: null,
    requester_ip_address: row.address,
    key_id,
    dialect,
    reason: row.reason,
    ended,
    http_status: row.status,
    estimated: row.estimated === 1,
    queue_ms: row.queue_ms,
    load_ms: row.load_ms,
    ttft_ms,
  };
}
