import { STRATEGY_NAMES } from '../core/routing-strategy.ts';
import { anything, flag, httpUrl, keepAlive, list, mapping, number, oneOf, text, whole } from './kind.ts';
import { honours, knows, type Key, type Section } from './section.ts';

function knowsAll(names: string): Readonly<Record<string, Key<unknown>>> {
  return Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, knows(anything)]),
  );
}

/** The document itself. */
export const ROOT = {
  model_list: honours(list),
  litellm_settings: honours(mapping),
  router_settings: honours(mapping),
  general_settings: honours(mapping),
  hxllm: honours(mapping),
  ...knowsAll(
    'environment_variables include callback_settings guardrails mcp_servers credential_list search_tools vector_store_registry prompts files_settings finetune_settings assistant_settings',
  ),
} satisfies Section;

/** An entry of `model_list`. */
export const MODEL_ENTRY = {
  model_name: honours(text),
  litellm_params: honours(mapping),
  model_info: honours(mapping),
} satisfies Section;

/**
 * `model_info`. Only `mode` has an effect; the rest is for people and for LiteLLM's cost tables, so unknown keys are no
 * issue.
 */
export const MODEL_INFO = { mode: honours(oneOf('chat', 'embedding', 'completion')) } satisfies Section;

/** `litellm_params`, without Ollama's options. */
export const LITELLM_PARAMS = {
  model: honours(text),
  api_base: honours(httpUrl),
  api_key: honours(text),
  keep_alive: honours(keepAlive),
  timeout: honours(number(0)),
  stream_timeout: honours(number(0)),
  weight: honours(number(0)),
  order: honours(whole(0)),
  rpm: honours(whole(0)),
  tpm: honours(whole(0)),
  max_tokens: honours(whole(1)),
  ...knowsAll(`max_retries tags api_version custom_llm_provider organization input_cost_per_token output_cost_per_token input_cost_per_second mock_response
    drop_params additional_drop_params merge_reasoning_content_in_choices max_parallel_requests litellm_credential_name extra_headers extra_body region_name base_url
    stream model_info max_budget budget_duration guardrails use_in_pass_through configurable_clientside_auth_params default_headers headers think reasoning_effort tools response_format`),
} satisfies Section;

/** Ollama's own options (api/types.go, Options and Runner), which are allowed in `litellm_params`. */
export const OLLAMA_OPTIONS = {
  num_ctx: honours(whole(1)),
  num_batch: honours(whole(1)),
  num_gpu: honours(whole(-1)),
  main_gpu: honours(whole(0)),
  num_thread: honours(whole(0)),
  use_mmap: honours(flag),
  num_keep: honours(whole(-1)),
  num_predict: honours(whole(-2)),
  seed: honours(whole(Number.MIN_SAFE_INTEGER)),
  temperature: honours(number(0)),
  top_k: honours(whole(0)),
  top_p: honours(number(0)),
  min_p: honours(number(0)),
  typical_p: honours(number(0)),
  repeat_last_n: honours(whole(-1)),
  // Ollama’s runner dies with a penalty of 0.
  repeat_penalty: honours(number(0.01)),
  presence_penalty: honours(number()),
  frequency_penalty: honours(number()),
  stop: honours(anything),
} satisfies Section;

/** `router_settings`. */
export const ROUTER_SETTINGS = {
  routing_strategy: honours(oneOf(...STRATEGY_NAMES)),
  num_retries: honours(whole(0)),
  allowed_fails: honours(whole(0)),
  cooldown_time: honours(number(0)),
  timeout: honours(number(0)),
  stream_timeout: honours(number(0)),
  model_group_alias: honours(mapping),
  fallbacks: honours(list),
  default_fallbacks: honours(list),
  context_window_fallbacks: honours(list),
  content_policy_fallbacks: knows(list),
  ...knowsAll(`redis_host redis_port redis_password redis_url cache_responses enable_pre_call_checks routing_strategy_args retry_policy allowed_fails_policy
    model_group_retry_policy default_litellm_params set_verbose debug_level max_fallbacks disable_cooldowns retry_after polling_interval optional_pre_call_checks enable_tag_filtering`),
} satisfies Section;

/** `general_settings`. */
export const GENERAL_SETTINGS = {
  master_key: honours(text),
  ...knowsAll(`database_url database_connection_pool_limit database_connection_timeout store_model_in_db completion_model alerting alerting_threshold alert_types alerting_args
    health_check_interval background_health_checks health_check_details proxy_batch_write_at proxy_budget_rescheduler_min_time proxy_budget_rescheduler_max_time
    max_parallel_requests global_max_parallel_requests infer_model_from_keys enforce_user_param allowed_routes allowed_ips disable_spend_logs disable_error_logs
    store_prompts_in_spend_logs ui_access_mode custom_auth pass_through_endpoints max_request_size_mb max_response_size_mb enable_jwt_auth litellm_jwtauth
    use_client_credentials_pass_through_routes allow_requests_on_db_unavailable disable_master_key_return public_routes admin_only_routes user_header_name`),
} satisfies Section;

/**
 * `litellm_settings`. `drop_params` changes nothing: hxllm always drops parameters that it cannot honour, and names
 * them.
 */
export const LITELLM_SETTINGS = {
  num_retries: honours(whole(0)),
  request_timeout: honours(number(0)),
  allowed_fails: honours(whole(0)),
  drop_params: honours(flag),
  set_verbose: honours(flag),
  json_logs: honours(flag),
  telemetry: honours(flag),
  fallbacks: honours(list),
  default_fallbacks: honours(list),
  context_window_fallbacks: honours(list),
  ...knowsAll(`callbacks success_callback failure_callback service_callbacks cache cache_params content_policy_fallbacks
    turn_off_message_logging redact_user_api_key_info max_budget budget_duration modify_params enable_json_schema_validation default_internal_user_params
    default_team_settings upperbound_key_generate_params key_generation_settings ssl_verify return_response_headers disable_add_transform_inline_image_block
    enable_preview_features public_model_groups cost_discount_config langfuse_default_tags force_ipv4 aiohttp_trust_env disable_hf_tokenizer_download`),
} satisfies Section;

/** hxllm's own settings. */
export const HXLLM = {
  listen: honours(text),
  backends: honours(mapping),
  open: honours(flag),
  strict: honours(flag),
  origins: honours(list),
  metrics: honours(oneOf('key', 'open', 'off')),
  timeouts: honours(mapping),
  max_body_mib: honours(number(0.001)),
  max_queue_wait: honours(number(0)),
  max_queue: honours(whole(0)),
} satisfies Section;

/** `hxllm.backends.<url>`. */
export const HXLLM_BACKEND = { num_parallel: honours(whole(1)) } satisfies Section;

/** `hxllm.timeouts`, in seconds. 0 is no limit; for `drain` it is no wait. */
export const HXLLM_TIMEOUTS = {
  connect: honours(number(0)),
  first_byte: honours(number(0)),
  idle: honours(number(0)),
  total: honours(number(0)),
  drain: honours(number(0)),
} satisfies Section;
