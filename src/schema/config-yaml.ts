/**
 * `config.yaml` as a document: LiteLLM's own format, with hxllm's settings under `hxllm`.
 * `render` builds this type. `readGatewayConfig` (gateway-config.ts) reads any document.
 */
export interface ConfigYaml {
  readonly model_list: readonly ModelEntry[];
  readonly litellm_settings?: Readonly<Record<string, unknown>>;
  readonly router_settings?: Readonly<Record<string, unknown>>;
  readonly general_settings?: Readonly<Record<string, unknown>>;
  readonly hxllm?: HxllmSettings;
}

/** One deployment of an alias. Entries with the same `model_name` are a group. */
export interface ModelEntry {
  readonly model_name: string;
  readonly litellm_params: LitellmParams;
  readonly model_info?: Readonly<Record<string, unknown>>;
}

/** Model and backend of a deployment. Other keys are Ollama options. */
export interface LitellmParams {
  /** `ollama_chat/NAME`, `ollama/NAME` or `openai/NAME`. */
  readonly model: string;
  readonly api_base?: string;
  readonly api_key?: string;
  readonly [option: string]: unknown;
}

/** Settings that LiteLLM's format does not have. */
export interface HxllmSettings {
  /** `host:port`. */
  readonly listen?: string;
  /** The keys of clients. */
  readonly keys?: readonly KeyEntry[];
  readonly teams?: readonly TeamEntry[];
  readonly end_user_limits?: Pick<KeyEntry, 'rpm_limit' | 'tpm_limit' | 'max_parallel_requests'>;
  /** The master key before a rotation. */
  readonly master_key_previous?: string;
  readonly backends?: Readonly<Record<string, { readonly num_parallel?: number; readonly max_loaded_models?: number }>>;
  /** The certificate and key that clients are served with. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Serve without a key on addresses other than loopback. */
  readonly open?: boolean;
  /** Use api.openai.com for `openai/NAME` without an `api_base`. */
  readonly external?: boolean;
  /** Refuse parameters that would be ignored. */
  readonly strict?: boolean;
  /** Origins whose pages may read responses in a browser (`https://chat.example`). Default: none. */
  readonly origins?: readonly string[];
  /** Readers of `/metrics`. Default: `key`. */
  readonly metrics?: 'key' | 'open' | 'off';
  readonly metrics_max_keys?: number;
  /** Seconds; 0 is no limit. `drain`: time that a stopping gateway gives running responses; `take_over_drain`: after a take-over. */
  readonly timeouts?: {
    readonly connect?: number;
    readonly first_byte?: number;
    readonly idle?: number;
    readonly total?: number;
    readonly drain?: number;
    readonly take_over_drain?: number;
  };
  /** Larger requests are refused with 413. Default: 64. */
  readonly max_body_mib?: number;
  /** Most MiB of the bodies of all requests under way. Default: 256. */
  readonly max_bodies_mib?: number;
  readonly max_queue_wait?: number;
  readonly max_queue?: number;
  /** Whether contexts of models without `num_ctx` grow, and how far. */
  readonly context?: 'fixed' | { readonly most?: number };
  /** The folder for what the gateway has to know after a restart. */
  readonly state_dir?: string;
}

/** The key of a client. */
export interface KeyEntry {
  readonly alias: string;
  /** The SHA-256 of the key, in hexadecimal. */
  readonly hash: string;
  /** A date, or a date and a time. */
  readonly expires?: string;
  readonly blocked?: boolean;
  readonly models?: readonly string[];
  readonly team?: string;
  readonly trust_user_headers?: boolean;
  readonly rpm_limit?: number;
  readonly tpm_limit?: number;
  readonly model_rpm_limit?: Readonly<Record<string, number>>;
  readonly model_tpm_limit?: Readonly<Record<string, number>>;
  readonly max_parallel_requests?: number;
  readonly token_budget?: number;
  readonly max_budget?: number;
  readonly budget_duration?: string;
}

/** The team of keys. */
export interface TeamEntry {
  readonly alias: string;
  readonly models?: readonly string[];
  readonly blocked?: boolean;
  readonly rpm_limit?: number;
  readonly tpm_limit?: number;
  readonly model_rpm_limit?: Readonly<Record<string, number>>;
  readonly model_tpm_limit?: Readonly<Record<string, number>>;
  readonly max_parallel_requests?: number;
  readonly token_budget?: number;
  readonly max_budget?: number;
  readonly budget_duration?: string;
}
