/** One entry of `litellm_keys`. */
export interface ClientKey {
  readonly alias: string;
  /** The SHA-256 of the key: 64 hexadecimal digits in lower case. */
  readonly hash: string;
  /** As written: a date, or a date and a time. */
  readonly expires: string | undefined;
  readonly blocked: boolean;
  /** Names, patterns and groups of models; empty: all models. */
  readonly models: readonly string[];
  /** The alias of one of the teams. */
  readonly team: string | undefined;
  /** Headers say which user asks. */
  readonly trustsUserHeaders: boolean;
  readonly limits: KeyLimits;
}

/** Limits of a key or team; `undefined`: none. */
export interface KeyLimits {
  readonly rpm: number | undefined;
  readonly tpm: number | undefined;
  /** For the requests for one model, by its name. */
  readonly modelRpm: Readonly<Record<string, number>>;
  readonly modelTpm: Readonly<Record<string, number>>;
  readonly parallel: number | undefined;
  /** Budgets of each period; `undefined`: none. */
  readonly budget?: KeyBudget;
}

/** The budgets of a key or team, in tokens and in money. */
export interface KeyBudget {
  readonly tokens: number | undefined;
  readonly money: number | undefined;
  /** As written. */
  readonly duration: string | undefined;
}

/** One entry of `litellm_teams`. */
export interface Team {
  readonly alias: string;
  readonly models: readonly string[];
  readonly blocked: boolean;
  readonly limits: KeyLimits;
}

/** The users behind keys: the limits of each, and the headers that name them; `undefined`: not given. */
export interface EndUsers {
  readonly limits?: Pick<KeyLimits, 'rpm' | 'tpm' | 'parallel'>;
  readonly headers?: readonly string[];
}
