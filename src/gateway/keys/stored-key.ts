import { isObject, parseObject, type Json } from '../../core/json.ts';
import { budgetDurationOf } from '../../core/budget-duration.ts';
import type { ModelLimits, RequestLimits, TeamConfig } from '../../schema/gateway-config.ts';
import type { StoredRecord } from '../store/key-store.ts';
import { routeRuleOf, type RouteRule } from './allowed-routes.ts';
import type { ClientKey } from './client-key.ts';

/** Different values that are shared before they are forgotten. */
const MOST_SHARED = 10_000;

/** The document of a record: the fields as the API got them, and what it notes itself. */
export interface RecordDocument {
  readonly fields: Json;
  readonly notes: Json;
}

/** Reads a document. */
export function documentIn(text: string): RecordDocument {
  const { fields, notes } = parseObject(text) ?? {};
  return { fields: isObject(fields) ? fields : {}, notes: isObject(notes) ? notes : {} };
}

/**
 * Reads records of the store as keys. Lists and rules that many keys have are one object: 100,000 keys of a few kinds would otherwise take
 * twice the memory.
 */
export class KeyReader {
  readonly #shared = new Map<string, unknown>();

  keyOf(record: StoredRecord): ClientKey {
    const { fields } = documentIn(record.document);
    const models = textsIn(fields['models']);
    const keyType = fields['key_type'];
    const routes = textsIn(fields['allowed_routes']);
    const tags = tagsOf(fields);
    return {
      alias: record.alias ?? record.id,
      hash: record.hash ?? '',
      expiresMs: record.expiresMs,
      blocked: record.blocked,
      models: this.#one('models', models, () => models),
      team: record.teamId,
      limits: this.#limitsOf(fields),
      ...this.#modelLimitsOf(fields),
      ...budgetIn(fields),
      ...(fields['trust_user_headers'] === true ? { trustsUserHeaders: true } : {}),
      stored: {
        id: record.id,
        aliases: this.#one('aliases', fields['aliases'] ?? {}, () => textMap(fields['aliases'])),
        routes: this.#one('routes', [keyType, routes], (): RouteRule => routeRuleOf(String(keyType), routes)),
        tags: this.#one('tags', tags, () => tags),
        userId: record.userId,
      },
    };
  }

  /** A team, or a user, whose limits hold in the same way. The name is the one that people know. */
  teamOf(record: StoredRecord): TeamConfig {
    const { fields } = documentIn(record.document);
    return {
      alias: record.alias ?? record.id,
      blocked: record.blocked,
      models: textsIn(fields['models']),
      limits: this.#limitsOf(fields),
      ...this.#modelLimitsOf(fields),
      ...budgetIn(fields),
    };
  }

  #limitsOf(fields: Json): RequestLimits {
    const limits: RequestLimits = {
      perMinute: numberIn(fields['rpm_limit']),
      tokensPerMinute: numberIn(fields['tpm_limit']),
      parallel: numberIn(fields['max_parallel_requests']),
    };
    return this.#one('limits', limits, () => limits);
  }

  /** Limits for one model stand in fields of their own, or in LiteLLM's `metadata`. */
  #modelLimitsOf(fields: Json): Pick<TeamConfig, 'modelLimits'> {
    const metadata = isObject(fields['metadata']) ? fields['metadata'] : {};
    const [rpm, tpm] = ['model_rpm_limit', 'model_tpm_limit'].map((name) => numbersIn(fields[name] ?? metadata[name]));
    if (rpm === undefined || tpm === undefined || rpm.size + tpm.size === 0) return {};
    const names = [...new Set([...rpm.keys(), ...tpm.keys()])];
    const limits = names.map((name): [string, ModelLimits] => [
      name,
      { perMinute: rpm.get(name), tokensPerMinute: tpm.get(name) },
    ]);
    return { modelLimits: this.#one('modelLimits', limits, () => new Map(limits)) };
  }

  #one<T>(kind: string, value: unknown, make: () => T): T {
    const id = kind + JSON.stringify(value);
    // Every id has values of its kind alone.
    const known = this.#shared.get(id) as T | undefined;
    if (known !== undefined) return known;
    if (this.#shared.size >= MOST_SHARED) this.#shared.clear();
    const made = make();
    this.#shared.set(id, made);
    return made;
  }
}

/** Tags stand in a field of their own, or in LiteLLM's `metadata`. */
function tagsOf(fields: Json): readonly string[] {
  const { metadata } = fields;
  const own = textsIn(fields['tags']);
  return own.length > 0 ? own : textsIn(isObject(metadata) ? metadata['tags'] : undefined);
}

function budgetIn(fields: Json): Pick<TeamConfig, 'budget'> {
  const [tokens, money] = [numberIn(fields['token_budget']), numberIn(fields['max_budget'])];
  if (tokens === undefined && money === undefined) return {};
  const { budget_duration: written } = fields;
  return { budget: { tokens, money, duration: typeof written === 'string' ? budgetDurationOf(written) : undefined } };
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function textMap(value: unknown): ReadonlyMap<string, string> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return new Map(entries.flatMap(([name, to]) => (typeof to === 'string' ? [[name, to] as const] : [])));
}

function numbersIn(value: unknown): ReadonlyMap<string, number> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return new Map(entries.flatMap(([name, one]) => (typeof one === 'number' ? [[name, one] as const] : [])));
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
