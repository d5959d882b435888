import { parseJson } from '../../core/json.ts';
import { fail, ok, type Result } from '../../core/problem.ts';

/** The options of a key or team that stand for its fields. */
export interface FieldOptions {
  readonly model?: readonly string[];
  readonly team?: string;
  readonly user?: string;
  readonly alias?: string;
  readonly rpmLimit?: number;
  readonly tpmLimit?: number;
  readonly maxParallelRequests?: number;
  readonly duration?: string;
  readonly keyType?: string;
  readonly allowedRoute?: readonly string[];
  readonly tag?: readonly string[];
  /** `NAME=VALUE`: the value is JSON, or else a text. */
  readonly set?: readonly string[];
  /** Names of fields to clear. */
  readonly clear?: readonly string[];
}

/** The fields that options ask for, by their names in LiteLLM's API; `alias` is the field of the name. */
export function fieldsOf(options: FieldOptions, aliasField: 'key_alias' | 'team_alias'): Result<object> {
  const fields: Record<string, unknown> = {
    [aliasField]: options.alias,
    models: options.model,
    team_id: options.team,
    user_id: options.user,
    rpm_limit: options.rpmLimit,
    tpm_limit: options.tpmLimit,
    max_parallel_requests: options.maxParallelRequests,
    duration: options.duration,
    key_type: options.keyType,
    allowed_routes: options.allowedRoute,
    tags: options.tag,
  };
  for (const name of options.clear ?? []) fields[name] = null;
  for (const setting of options.set ?? []) {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(setting) ?? [];
    if (name === undefined || value === undefined)
      return fail({
        code: 'usage.set',
        summary: '--set does not name a field',
        detail: `Expected NAME=VALUE with a field of LiteLLM's API, found ${JSON.stringify(setting.slice(0, 80))}.`,
        fix: `--set 'metadata={"owner": "ada"}' --set max_budget=10`,
      });
    fields[name] = parseJson(value) ?? (value === 'null' ? null : value);
  }
  return ok(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
}
