/**
 * `config.yaml` as it is written: LiteLLM's own format, with hxllm's settings under `hxllm`.
 * This is what render builds; `readGatewayConfig` (gateway-config.ts) says what a gateway makes of any such document.
 */
export interface ConfigYaml {
  readonly model_list: readonly ModelEntry[];
  readonly litellm_settings?: Readonly<Record<string, unknown>>;
  readonly router_settings?: Readonly<Record<string, unknown>>;
  readonly general_settings?: Readonly<Record<string, unknown>>;
  readonly hxllm?: HxllmSettings;
}

/** One deployment of an alias; several with one `model_name` are a group. */
export interface ModelEntry {
  readonly model_name: string;
  readonly litellm_params: LitellmParams;
  readonly model_info?: Readonly<Record<string, unknown>>;
}

/** Where a deployment is and how it is asked; keys beside these are Ollama options. */
export interface LitellmParams {
  /** `ollama_chat/NAME`, `ollama/NAME` or `openai/NAME`. */
  readonly model: string;
  readonly api_base?: string;
  readonly api_key?: string;
  readonly [option: string]: unknown;
}

/** What LiteLLM's format has no place for. */
export interface HxllmSettings {
  /** `host:port`. */
  readonly listen?: string;
  readonly backends?: Readonly<Record<string, { readonly num_parallel?: number }>>;
  /** Serve without a key on other addresses than loopback. */
  readonly open?: boolean;
  /** Refuse parameters that would be ignored. */
  readonly strict?: boolean;
  /** Whose pages may read replies in a browser (`https://chat.example`); nobody's where nothing is said. */
  readonly origins?: readonly string[];
  /** Who may read `/metrics`; `key` where nothing is said. */
  readonly metrics?: 'key' | 'open' | 'off';
  /** Seconds; 0 is no limit. `drain`: how long answers may run on once the gateway was told to stop. */
  readonly timeouts?: {
    readonly connect?: number;
    readonly first_byte?: number;
    readonly idle?: number;
    readonly total?: number;
    readonly drain?: number;
  };
  /** Larger requests are refused with 413; 64 where nothing is said. */
  readonly max_body_mib?: number;
  readonly max_queue_wait?: number;
  readonly max_queue?: number;
}
