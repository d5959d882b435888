import type { Json } from '../../core/json.ts';
import type { KeyConfig, TeamConfig } from '../../schema/gateway-config.ts';
import { documentIn } from '../keys/stored-key.ts';
import type { StoredRecord } from '../store/key-store.ts';

const NO_LIMITS = {
  spend: 0,
  max_budget: null,
  soft_budget: null,
  budget_duration: null,
  budget_reset_at: null,
  tpm_limit: null,
  rpm_limit: null,
  max_parallel_requests: null,
  model_max_budget: {},
  model_spend: {},
};

/** The fields of a key without any: clients look for all of them. */
const EMPTY_KEY = {
  ...NO_LIMITS,
  key_alias: null,
  user_id: null,
  team_id: null,
  organization_id: null,
  models: [],
  aliases: {},
  config: {},
  metadata: {},
  permissions: {},
  budget_id: null,
  litellm_budget_table: null,
  allowed_routes: [],
  allowed_cache_controls: [],
  blocked: null,
  last_active: null,
};

const EMPTY_TEAM = {
  ...NO_LIMITS,
  team_alias: null,
  organization_id: null,
  models: [],
  metadata: {},
  blocked: false,
  members_with_roles: [],
  admins: [],
  members: [],
};

const EMPTY_USER = {
  ...NO_LIMITS,
  user_alias: null,
  user_email: null,
  user_role: null,
  models: [],
  metadata: {},
  teams: [],
};

/** A key as LiteLLM's `/key/info` shows it: without its text and its hash. */
export function keyRow(record: StoredRecord, nowMs: number): Json {
  const { fields, notes } = documentIn(record.document);
  return {
    ...EMPTY_KEY,
    ...fields,
    key_id: record.id,
    key_name: notes['key_name'] ?? null,
    expires: timeText(record.expiresMs),
    status: statusOf(record, nowMs),
    rotation_count: notes['rotations'] ?? 0,
    ...changesOf(record, notes),
  };
}

/** A key of the operator's files, in the same form. */
export function fileKeyRow(key: KeyConfig, nowMs: number): Json {
  const { alias, models, team = null, blocked, expiresMs, trustsUserHeaders } = key;
  return {
    ...EMPTY_KEY,
    ...limitFields(key),
    ...(trustsUserHeaders === undefined ? {} : { trust_user_headers: trustsUserHeaders }),
    key_id: alias,
    key_alias: alias,
    key_name: null,
    models,
    team_id: team,
    blocked,
    expires: timeText(expiresMs),
    status: statusOf({ blocked, expiresMs }, nowMs),
    source: 'hxllm.keys',
  };
}

/** A team. */
export function teamRow(record: StoredRecord): Json {
  const { fields, notes } = documentIn(record.document);
  return { ...EMPTY_TEAM, ...fields, team_id: record.id, ...changesOf(record, notes) };
}

/** A team of the operator's files, in the same form. */
export function fileTeamRow(team: TeamConfig): Json {
  const { alias, models, blocked } = team;
  const own = { team_id: alias, team_alias: alias, models, blocked, source: 'hxllm.teams' };
  return { ...EMPTY_TEAM, ...limitFields(team), ...own };
}

/** A user, with the teams that have it as a member. */
export function userRow(record: StoredRecord, teams: readonly string[]): Json {
  const { fields, notes } = documentIn(record.document);
  return { ...EMPTY_USER, ...fields, teams, user_id: record.id, ...changesOf(record, notes) };
}

/** A time as ISO 8601 with an offset, which parsers of every language take; null without one. */
export function timeText(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString().replace('Z', '+00:00');
}

function limitFields({
  limits,
  modelLimits = new Map(),
  budget,
}: Pick<TeamConfig, 'limits' | 'modelLimits' | 'budget'>): Json {
  const { duration } = budget ?? {};
  const { perMinute, tokensPerMinute, parallel } = limits;
  const ofModels = (name: 'perMinute' | 'tokensPerMinute'): Json =>
    Object.fromEntries(
      [...modelLimits].flatMap(([model, one]) => (one[name] === undefined ? [] : [[model, one[name]]])),
    );
  return {
    rpm_limit: perMinute ?? null,
    tpm_limit: tokensPerMinute ?? null,
    max_budget: budget?.money ?? null,
    ...(budget?.tokens === undefined ? {} : { token_budget: budget.tokens }),
    budget_duration: duration === undefined ? null : `${String(duration.count)}${duration.unit}`,
    max_parallel_requests: parallel ?? null,
    ...(modelLimits.size === 0
      ? {}
      : { model_rpm_limit: ofModels('perMinute'), model_tpm_limit: ofModels('tokensPerMinute') }),
  };
}

function changesOf({ createdMs, updatedMs }: StoredRecord, notes: Json): Json {
  return {
    created_at: timeText(createdMs),
    created_by: notes['created_by'] ?? null,
    updated_at: timeText(updatedMs),
    updated_by: notes['updated_by'] ?? null,
  };
}

function statusOf(
  { blocked, expiresMs = Infinity, deletedMs }: Pick<StoredRecord, 'blocked' | 'expiresMs'> & Partial<StoredRecord>,
  nowMs: number,
): string {
  if (deletedMs !== undefined) return 'deleted';
  if (expiresMs <= nowMs) return 'expired';
  return blocked ? 'revoked' : 'active';
}
