import type { Result } from '../../core/problem.ts';
import type { Secret } from '../../core/secret.ts';
import type { SmokeLimits } from '../../core/smoke-limits.ts';
import type { OutServer } from './out-server.ts';

/** The time for questions to models, ms: aliases and servers that are left after it are not asked. */
export const BUDGET_MS = 600_000;

/** The times of the same target in an earlier run. */
export interface PreviousRun {
  /** `smoke/20261123T231500Z` */
  readonly run: string;
  /** By alias, the median time to the first token of one client, ms. */
  readonly firstTokenMs: ReadonlyMap<string, number>;
}

/** One server to test. */
export interface SmokeTarget {
  /** The inventory's name, or the URL. */
  readonly name: string;
  /** `http://host:4000`, with or without `/v1`. */
  readonly url: string;
  /** For `https://`: the certificate must be for one of the names, and signed by one of Node's authorities or of these. */
  readonly tls?: { readonly names: readonly string[]; readonly authorities: readonly string[] } | undefined;
  /** The URL leads through a connection to the host: the reason why the host could not connect to the gateway itself. */
  readonly refusal?: () => string | undefined;
  readonly key: Secret | undefined;
  /** The key before a rotation, which works too. */
  readonly previousKey?: Secret | undefined;
  /** A key that must not work any more. */
  readonly revokedKey?: Secret | undefined;
  /** Aliases that must be listed and answered; `undefined`: another server, any models. */
  readonly models: readonly string[] | undefined;
  /** Aliases such as `llama*`: names that fit one are listed rightly, and none has to be. */
  readonly patterns?: readonly string[];
  /** URLs that `x-hxllm-backend` must show; `undefined`: not judged. */
  readonly backends: readonly string[] | undefined;
  /** The aliases of embedding models. */
  readonly embeddings: readonly string[];
  /** The servers of an alias that is not on every one of `backends`. */
  readonly placement?: ReadonlyMap<string, readonly string[]>;
  /** Every alias is asked of every one of its servers, which may load each model everywhere. */
  readonly everyServer?: boolean;
  /** Instead of the defaults. */
  readonly limits?: SmokeLimits;
  /** Instead of {@link BUDGET_MS}; with it the ramp goes beyond its gentle steps. */
  readonly budgetMs?: number;
  readonly previous?: PreviousRun;
  /** Takes a server out of use, with the operator's consent. */
  readonly takeOut?: (server: string) => Promise<Result<OutServer>>;
  /** A key of this name is made, used up to its limit and removed; `undefined`: nothing is changed. */
  readonly keyAlias?: string;
  /** No load beyond single requests and the burst: doctor looks for a cause, and measures nothing. */
  readonly withoutRamp?: boolean;
}

/** Whether the target is a gateway that hxllm installed. It is judged more strictly than other OpenAI-compatible servers. */
export function isOurs(target: SmokeTarget): boolean {
  return target.models !== undefined || target.backends !== undefined;
}

/** The servers that an alias is configured on. */
export function serversOf({ backends = [], placement }: SmokeTarget, alias: string): readonly string[] {
  return placement?.get(alias) ?? backends;
}
