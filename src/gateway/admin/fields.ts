import type { RecordKind } from '../store/key-store.ts';
import {
  anyValue,
  count,
  countMap,
  duration,
  flag,
  keyType,
  items,
  members,
  money,
  object,
  oneOf,
  routes,
  text,
  textMap,
  texts,
  type FieldKind,
} from './field-kind.ts';

/** A field of LiteLLM's API. */
export interface AdminField {
  readonly kind: FieldKind;
  /** Whether the gateway does what it says. Otherwise it is kept, given back, and named in `x-hxllm-ignored-params`. */
  readonly works: boolean;
  /** An empty text means that there is none. */
  readonly emptyIsNull?: true;
}

/** The fields of a kind of record, by their names in LiteLLM. */
export type AdminFields = Readonly<Record<string, AdminField>>;

const works = (kind: FieldKind): AdminField => ({ kind, works: true });
const kept = (kind: FieldKind): AdminField => ({ kind, works: false });
const id: AdminField = { kind: text, works: true, emptyIsNull: true };
const LIMIT_TYPE = oneOf('best_effort_throughput', 'guaranteed_throughput', 'dynamic');

const LIMITS: AdminFields = {
  rpm_limit: works(count),
  tpm_limit: works(count),
  max_parallel_requests: works(count),
  max_budget: works(money),
  soft_budget: kept(money),
  token_budget: works(count),
  budget_duration: works(duration),
  budget_limits: kept(items),
  model_max_budget: kept(object),
  model_rpm_limit: works(countMap),
  model_tpm_limit: works(countMap),
  tpd_limit: kept(count),
  rpm_limit_type: kept(LIMIT_TYPE),
  tpm_limit_type: kept(LIMIT_TYPE),
  spend: works(money),
};

const SHARED: AdminFields = {
  ...LIMITS,
  metadata: works(object),
  tags: works(texts),
  organization_id: { ...id, works: false },
  budget_id: kept(text),
  permissions: kept(object),
  object_permission: kept(object),
  router_settings: kept(object),
  guardrails: kept(texts),
  prompts: kept(texts),
  policies: kept(texts),
};

/** Fields of a key (§3 of LiteLLM's KeyRequestBase and GenerateKeyRequest, 1.110.2). */
const KEY_FIELDS: AdminFields = {
  ...SHARED,
  key_alias: id,
  duration: works(duration),
  models: works(texts),
  aliases: works(textMap),
  user_id: id,
  team_id: id,
  blocked: works(flag),
  allowed_routes: works(routes),
  key_type: works(keyType),
  trust_user_headers: works(flag),
  project_id: { ...id, works: false },
  agent_id: { ...id, works: false },
  config: kept(object),
  allowed_cache_controls: kept(items),
  allowed_passthrough_routes: kept(items),
  enforced_params: kept(texts),
  auto_rotate: kept(flag),
  rotation_interval: kept(duration),
  send_invite_email: kept(flag),
};

const TEAM_FIELDS: AdminFields = {
  ...SHARED,
  team_alias: id,
  models: works(texts),
  blocked: works(flag),
  members_with_roles: works(members),
  model_aliases: kept(textMap),
  team_member_budget: kept(money),
  team_member_rpm_limit: kept(count),
  team_member_tpm_limit: kept(count),
  team_member_permissions: kept(texts),
};

const USER_FIELDS: AdminFields = {
  ...SHARED,
  user_email: id,
  user_alias: id,
  blocked: works(flag),
  teams: works(anyValue),
  models: kept(texts),
  user_role: kept(oneOf('proxy_admin', 'proxy_admin_viewer', 'internal_user', 'internal_user_viewer')),
};

/** The fields of each kind of record. */
export const ADMIN_FIELDS: Readonly<Record<RecordKind, AdminFields>> = {
  key: KEY_FIELDS,
  team: TEAM_FIELDS,
  user: USER_FIELDS,
};

/** Fields that the gateway writes itself: a row that is sent back as it came has them. */
export const OWN_FIELDS: ReadonlySet<string> = new Set(
  `token token_id key_id key_name key_hash expires status created_at created_by updated_at updated_by last_active rotation_count
  budget_reset_at litellm_budget_table model_spend token_spend source`.split(/\s+/),
);
