import type { RoutingStrategy } from '../core/routing-strategy.ts';
import type { Secret } from '../core/secret.ts';

/** `config.yaml` with every default applied: what a gateway is made of. */
export interface GatewayConfig {
  /** From `hxllm.listen`. */
  readonly listen: ListenAddress | undefined;
  readonly masterKey: MasterKeyReference;
  /** `hxllm.open`: serve without a key on other addresses than loopback. */
  readonly open: boolean;
  /** `hxllm.strict`: refuse parameters that would be ignored. */
  readonly strict: boolean;
  /** `hxllm.origins`: whose pages may read replies in a browser. */
  readonly origins: ReadonlySet<string>;
  /** `hxllm.metrics`: who may read `/metrics`: whoever has the key, everybody, or nobody. */
  readonly metrics: 'key' | 'open' | 'off';
  readonly queue: QueueLimits;
  readonly maxBodyBytes: number;
  readonly timeouts: Timeouts;
  readonly routing: Routing;
  /** The aliases, in the order of their first entry; their names are unique. */
  readonly groups: readonly ModelGroup[];
  /** Further names of groups (`model_group_alias`), to the name of the group. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Every server that a deployment names, in the order of the first mention. */
  readonly backends: readonly BackendConfig[];
}

/** Where to listen; `host` without brackets. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The master key, as far as it is known here. */
export type MasterKeyReference =
  | { readonly state: 'none' }
  | { readonly state: 'set'; readonly key: Secret }
  | { readonly state: 'unset'; readonly variable: string };

/** Limits of the phases of a request, in ms; 0 is no limit. */
export interface Timeouts {
  readonly connectMs: number;
  /** From the request's end to the first byte of the answer: queueing, a load and the prefill lie in it. */
  readonly firstByteMs: number;
  /** Between two pieces of an answer. */
  readonly idleMs: number;
  /** Of an answer that is not streamed, as a whole: LiteLLM's `timeout`, which limits no stream's length either. */
  readonly wholeMs: number;
  /** Of any answer. */
  readonly totalMs: number;
  /** How long a gateway that was told to stop lets answers run on; 0 is not at all. */
  readonly drainMs: number;
}

/** What may wait for a model. */
export interface QueueLimits {
  /** How long a request may wait for a place, loads not counted: `hxllm.max_queue_wait`; 0 is no limit. */
  readonly mostWaitMs: number;
  /** How many may wait for one alias: `hxllm.max_queue`. */
  readonly longest: number;
}

/** How a deployment is chosen and given up. */
export interface Routing {
  readonly strategy: RoutingStrategy;
  /** How often a request that has not begun to be answered is tried again. */
  readonly retries: number;
  /** Failures in a row of one deployment after which it rests. */
  readonly allowedFails: number;
  readonly cooldownMs: number;
  /** Groups that stand in, in turn, for one none of whose deployments could begin to answer, or for which a prompt was too long; by names of groups. */
  readonly fallbacks: ReadonlyMap<string, readonly string[]>;
  readonly contextFallbacks: ReadonlyMap<string, readonly string[]>;
}

/** An alias and what serves it. */
export interface ModelGroup {
  readonly name: string;
  readonly deployments: readonly [Deployment, ...Deployment[]];
}

/** One model on one server. */
export interface Deployment {
  /** Unique in a configuration, the same after a reload of the same entry: `alias@url#model`. */
  readonly id: string;
  /** `ollama`: its native API. `openai`: any server with `/v1`. */
  readonly provider: 'ollama' | 'openai';
  /** The model's name on that server. */
  readonly model: string;
  /** The server, as in {@link BackendConfig}. */
  readonly url: string;
  /** The same as the file has it, letter by letter: what replies show. */
  readonly writtenUrl: string;
  readonly mode: 'chat' | 'embedding' | undefined;
  readonly apiKey: Secret | undefined;
  readonly keepAlive: number | string | undefined;
  /** Ollama's options: those of the runner (`num_ctx` …) hold for everyone, the others where a request says nothing. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly weight: number;
  /** Those with the lowest are used while they can be; those without come last. */
  readonly order: number | undefined;
  /** Requests and tokens that may be sent there in a minute. */
  readonly rpm: number | undefined;
  readonly tpm: number | undefined;
  /** `timeout` and `stream_timeout`, ms, where the entry has them. */
  readonly timeoutMs: number | undefined;
  readonly streamTimeoutMs: number | undefined;
}

/** One server. */
export interface BackendConfig {
  /** Without a trailing slash. */
  readonly url: string;
  readonly provider: 'ollama' | 'openai';
  readonly apiKey: Secret | undefined;
  /** Upper bound of what runs at once for each model there, where the operator states it. */
  readonly numParallel: number | undefined;
}
