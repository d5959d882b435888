import type { BudgetDuration } from '../core/budget-duration.ts';

/** The key of a client. */
export interface KeyConfig {
  /** Its name in the log, in `/fleet` and for fair shares. */
  readonly alias: string;
  /** The SHA-256 of the key, in hexadecimal. */
  readonly hash: string;
  /** From when on it is refused, in ms since 1970; `undefined`: never. */
  readonly expiresMs: number | undefined;
  readonly blocked: boolean;
  /** The models that it may use: names, patterns, access groups and LiteLLM's words for several; empty: all. */
  readonly models: readonly string[];
  /** The alias of its team, which must allow a model as well. */
  readonly team: string | undefined;
  readonly limits: RequestLimits;
  /** `model_rpm_limit` and `model_tpm_limit`, by the names of models; `undefined`: none. */
  readonly modelLimits?: ReadonlyMap<string, ModelLimits>;
  readonly budget?: BudgetConfig;
  /** `trust_user_headers`: its clients say in headers which user asks. */
  readonly trustsUserHeaders?: boolean;
}

/** The budget of a key or team in each period; `undefined`: none. */
export interface BudgetConfig {
  /** `token_budget`: tokens of prompts and answers. */
  readonly tokens: number | undefined;
  /** `max_budget`: money, by the prices of models. */
  readonly money: number | undefined;
  /** `budget_duration`; `undefined`: one period for ever. */
  readonly duration: BudgetDuration | undefined;
}

/** Limits on the requests for one model. */
export type ModelLimits = Partial<Pick<RequestLimits, 'perMinute' | 'tokensPerMinute'>>;

/** Limits on requests; `undefined`: none. */
export interface RequestLimits {
  /** `rpm_limit`: requests in any 60 seconds. */
  readonly perMinute: number | undefined;
  /** `tpm_limit`: tokens of prompts and answers in any 60 seconds. */
  readonly tokensPerMinute?: number | undefined;
  /** `max_parallel_requests`: under way at once, those that wait included. */
  readonly parallel: number | undefined;
}

/** The team of keys: a limit on what each of them may do. */
export interface TeamConfig {
  readonly alias: string;
  readonly blocked: boolean;
  /** As in {@link KeyConfig}. */
  readonly models: readonly string[];
  /** For all its keys together. */
  readonly limits: RequestLimits;
  /** As in {@link KeyConfig}. */
  readonly modelLimits?: ReadonlyMap<string, ModelLimits>;
  readonly budget?: BudgetConfig;
}
