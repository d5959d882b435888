import type { RoutingStrategy } from '../core/routing-strategy.ts';
import type { KeyConfig, RequestLimits, TeamConfig } from './key-config.ts';
import type { Secret } from '../core/secret.ts';

export type * from './key-config.ts';

/** `config.yaml` with every default applied: the configuration of a gateway. */
export interface GatewayConfig {
  /** From `hxllm.listen`. */
  readonly listen: ListenAddress | undefined;
  readonly masterKey: MasterKeyReference;
  /** `hxllm.keys`: the keys of clients. Aliases and hashes are unique; there is none without a master key. */
  readonly keys: readonly KeyConfig[];
  /** `hxllm.teams`. Aliases are unique; each key names one of them, or none. */
  readonly teams: readonly TeamConfig[];
  /** `hxllm.end_user_limits`: of each user behind a key; `undefined`: none. */
  readonly endUserLimits?: RequestLimits | undefined;
  /** `general_settings.user_header_mappings`: the headers that name the user, in lower case, behind keys that trust them. */
  readonly userHeaders?: readonly string[];
  /** `litellm_settings.timezone`, in which the periods of budgets begin; `undefined`: UTC. */
  readonly timeZone?: string | undefined;
  /** `hxllm.tls`: the certificate and key that clients are served with; `undefined`: plain HTTP. */
  readonly tls: TlsFiles | undefined;
  /** `hxllm.open`: serve without a key on addresses other than loopback. */
  readonly open: boolean;
  /** `hxllm.strict`: refuse parameters that would be ignored. */
  readonly strict: boolean;
  /** `hxllm.origins`: origins whose pages may read responses in a browser. */
  readonly origins: ReadonlySet<string>;
  /** `hxllm.metrics`: `/metrics` is readable with the master key, for everyone, or not at all. */
  readonly metrics: 'key' | 'open' | 'off';
  /** `hxllm.metrics_max_keys`: keys of clients with time series of their own. */
  readonly mostMetricKeys: number;
  readonly queue: QueueLimits;
  /** `hxllm.context.most`: the longest context that an entry without `num_ctx` grows to, in tokens; `undefined`: none grows. */
  readonly mostContext: number | undefined;
  /** `hxllm.state_dir`: an absolute path; `undefined`: nothing is remembered over a restart. */
  readonly stateDir: string | undefined;
  /** `hxllm.usage`: which requests are recorded, and how. */
  readonly usage: UsageConfig;
  readonly maxBodyBytes: number;
  /** Most bytes of the bodies of all requests under way. */
  readonly maxHeldBytes: number;
  readonly timeouts: Timeouts;
  readonly routing: Routing;
  /** The aliases, in the order of their first entry. Names are unique. */
  readonly groups: readonly ModelGroup[];
  /** `model_group_alias`: further names of groups, mapped to the name of the group. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Names of groups and aliases that are served and not listed. */
  readonly hidden: ReadonlySet<string>;
  /** Entries of many names, the most specific first. */
  readonly wildcards: readonly Wildcard[];
  /** The backend of every deployment, in the order of their first mention. */
  readonly backends: readonly BackendConfig[];
}

/** `hxllm.usage`. */
export interface UsageConfig {
  /** `with-keys`: where there is a key beside the master key. */
  readonly record: 'with-keys' | 'always' | 'never';
  /** An answer waits until its row is on the disk. */
  readonly isSynced: boolean;
  /** Most bytes of rows that are not in the database yet. */
  readonly journalBytes: number;
  /** The way of requests whose rows can be kept nowhere. */
  readonly whenFull: 'serve' | 'refuse';
  /** Rows have the address of the client. */
  readonly hasAddress: boolean;
}

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The address to listen on; `host` has no brackets. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The master key, if there is one, and during a rotation the one before it, which works as well. */
export type MasterKeyReference =
  | { readonly state: 'none' }
  | { readonly state: 'set'; readonly key: Secret; readonly previous?: Secret };

/** Limits for the phases of a request, in ms. 0: no limit. */
export interface Timeouts {
  readonly connectMs: number;
  /** From the assignment to a server to the first byte of the response; for a stream, only where no other limit is set. */
  readonly firstByteMs: number;
  /** The same for `stream: true`, as LiteLLM's `router_settings.stream_timeout`. */
  readonly streamFirstByteMs: number | undefined;
  /** For a load of the gateway. */
  readonly loadMs: number;
  /** Between two chunks of a response. */
  readonly idleMs: number;
  /** For a whole response that is not streamed. LiteLLM's `timeout`, which does not limit streams either. */
  readonly wholeMs: number;
  /** For every whole response. */
  readonly totalMs: number;
  /** Time that a stopping gateway gives running responses. 0: none. */
  readonly drainMs: number;
  /** The same, for a gateway whose place another instance has taken. */
  readonly takeOverDrainMs: number;
}

/** Limits of the queue of a model. */
export interface QueueLimits {
  /** `hxllm.max_queue_wait`: longest wait of a request for a slot, without loads. 0: no limit. */
  readonly mostWaitMs: number;
  /** `hxllm.max_queue`: most waiting requests of one alias. */
  readonly longest: number;
}

/** Strategy, retries, cooldown and fallbacks. */
export interface Routing {
  /** `undefined`: none is named. Then `simple-shuffle` for aliases whose entries differ in weight, `fleet` for the others. */
  readonly strategy: RoutingStrategy | undefined;
  /** Whether `rpm` and `tpm` of an entry are limits. Otherwise they are weights. */
  readonly limits: { readonly requests: boolean; readonly tokens: boolean };
  /** Number of retries of a request whose response has not begun. */
  readonly retries: number;
  /** Consecutive failures of a deployment that start its cooldown. */
  readonly allowedFails: number;
  readonly cooldownMs: number;
  /**
   * Fallback groups by group, in order of preference. They serve a request if no deployment of its group could begin a
   * response (`fallbacks`), or if its prompt was too long (`contextFallbacks`).
   */
  readonly fallbacks: ReadonlyMap<string, readonly string[]>;
  readonly contextFallbacks: ReadonlyMap<string, readonly string[]>;
  /** The fallbacks of groups that a wildcard makes later. */
  readonly generalFallbacks: readonly string[];
}

/** An alias with its deployments. */
export interface ModelGroup {
  readonly name: string;
  readonly deployments: readonly [Deployment, ...Deployment[]];
  /** The name belongs to entries that are left out: its deployments are those of a fallback. */
  readonly isFallback?: true;
  /** The group that the deployments of such a name belong to. */
  readonly source?: string;
}

/** The entries of a `model_name` with stars. */
export interface Wildcard {
  readonly pattern: string;
  /** Deployments of one model, for every name that matches. */
  readonly fixed: readonly Deployment[];
  /** Deployments with stars in `model`, for the parts of the name. */
  readonly filled: readonly Deployment[];
  /** Lists show its names under another pattern. */
  readonly isHidden: boolean;
}

/** An entry of `model_list` as `/model/info` shows it to LiteLLM's clients: without keys. */
export interface ListedEntry {
  /** `model_info.id`, or a hash of the deployment's id; the header `x-litellm-model-id`. */
  readonly id: string;
  /** `litellm_params`, as written. */
  readonly params: Readonly<Record<string, unknown>>;
  /** `model_info`, as written, without its id. */
  readonly info: Readonly<Record<string, unknown>>;
}

/** One model on one backend. */
export interface Deployment {
  /** `mock_response`: the text of every response. No server is asked. */
  readonly mockText?: string;
  /** Unique in a configuration, and the same after a reload of the same entry: `alias@url#model`. */
  readonly id: string;
  /** `ollama`: Ollama's native API. `openai`: any server with `/v1`. */
  readonly provider: 'ollama' | 'openai';
  /** The model's name on that backend. */
  readonly model: string;
  /** The URL of the backend, as in {@link BackendConfig}. */
  readonly url: string;
  /** The URL as written in the file; response headers show it. */
  readonly writtenUrl: string;
  readonly mode: 'chat' | 'embedding' | undefined;
  readonly listed: ListedEntry;
  readonly apiKey: Secret | undefined;
  readonly keepAlive: number | string | undefined;
  /** Ollama's options. Those of the runner (`num_ctx` …) apply to every request; the others are defaults. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Fields of every request to a server with `/v1` that has none of these names; `undefined`: none. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  /** The thinking of requests to Ollama that leave it open. */
  readonly thinking?: boolean | 'low' | 'medium' | 'high' | undefined;
  /** As written. */
  readonly weight: number | undefined;
  /** Deployments with the lowest order are used as long as they are available. Those without an order come last. */
  readonly order: number | undefined;
  /** Requests and tokens per minute: limits or weights, see {@link Routing.limits}. */
  readonly rpm: number | undefined;
  readonly tpm: number | undefined;
  /** `cooldown_time` of the entry; without it that of {@link Routing} counts. */
  readonly cooldownMs: number | undefined;
  /** `timeout` and `stream_timeout` of the entry, in ms. */
  readonly timeoutMs: number | undefined;
  readonly streamTimeoutMs: number | undefined;
}

/** One backend server. */
export interface BackendConfig {
  /** Without a trailing slash. */
  readonly url: string;
  readonly provider: 'ollama' | 'openai';
  readonly apiKey: Secret | undefined;
  /** The configured limit of concurrent requests for each model on the backend. */
  readonly numParallel: number | undefined;
  /** Models that it holds at once, if stated. */
  readonly maxLoadedModels: number | undefined;
}
