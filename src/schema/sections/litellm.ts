import { STRATEGY_NAMES } from '../../core/routing-strategy.ts';
import type { JsonSchema } from '../../core/json-schema.ts';
import { flag, list, mapping, number, oneOf, text, whole } from '../kind.ts';
import { honours, knows, knowsAll, type Section } from '../section.ts';

const NAMES: JsonSchema = { type: 'array', items: { type: 'string' } };
const FALLBACKS: JsonSchema = { type: 'array', items: { type: 'object', additionalProperties: NAMES } };

/** `router_settings`. */
export const ROUTER_SETTINGS = {
  routing_strategy: honours(
    oneOf(...STRATEGY_NAMES),
    'How a deployment is chosen among those that are available and, where there are any, have the model in memory. `fleet`: the backend on which the request and the others there lose least time, with turns by deadline and caller, and loads where they cost least; `least-busy`: the backend with the fewest requests; `simple-shuffle`: at random, by `weight`; `latency-based-routing`: the shortest expected wait for the first token; `usage-based-routing` (also `usage-based-routing-v2`): the fewest tokens in the current minute, without deployments over their `rpm` or `tpm`; `cost-based-routing` is not supported and means the default. Without this key: `simple-shuffle` for aliases whose entries differ in `weight`, `rpm` or `tpm`, `fleet` for the others.',
  ),
  num_retries: honours(
    whole(0),
    'The number of further attempts for a request whose response has not begun. A time-out is not retried. A request whose connection broke is retried only if it had not begun, or if its server is found down.',
    { inherits: ['litellm_settings.num_retries'], default: 3 },
  ),
  allowed_fails: honours(whole(0), 'The number of consecutive failures of a deployment that start its cooldown.', {
    inherits: ['litellm_settings.allowed_fails'],
    default: 3,
  }),
  cooldown_time: honours(number(0), 'How long a deployment in cooldown is avoided.', { unit: 's', default: 5 }),
  timeout: honours(number(0), 'The longest time for a response that is not streamed. 0: no limit.', {
    unit: 's',
    inherits: ['litellm_settings.request_timeout'],
    default: 0,
  }),
  stream_timeout: honours(
    number(0),
    'The longest wait for the first byte of a stream, from when a backend has the request: neither the queue nor a load is part of it. 0: no limit.',
    { unit: 's', inherits: ['litellm_params.timeout', 'hxllm.timeouts.first_byte'] },
  ),
  model_group_alias: honours(mapping, 'Further names of aliases: each name with the `model_name` that it stands for.', {
    example: { 'gpt-4o-mini': 'phi3-3.8b' },
    shape: {
      additionalProperties: {
        type: ['string', 'object'],
        properties: {
          model: { type: 'string', description: 'The `model_name`.' },
          hidden: {
            type: 'boolean',
            description: 'Whether lists of models leave the name out. It is served all the same.',
          },
        },
        required: ['model'],
      },
    },
  }),
  fallbacks: honours(
    list,
    'Aliases that serve a request, in turn, if no deployment of its own alias could begin a response. `x-hxllm-route` then begins with `fallback/`.',
    { inherits: ['litellm_settings.fallbacks'], example: [{ 'phi3-3.8b': ['llama3-8b'] }], shape: FALLBACKS },
  ),
  default_fallbacks: honours(list, 'The fallbacks of every alias that has none of its own.', {
    inherits: ['litellm_settings.default_fallbacks'],
    example: ['llama3-8b'],
    shape: NAMES,
  }),
  context_window_fallbacks: honours(
    list,
    'Aliases that serve a request, in turn, if its prompt is too long for its own alias.',
    {
      inherits: ['litellm_settings.context_window_fallbacks'],
      example: [{ 'phi3-3.8b': ['phi3-128k'] }],
      shape: FALLBACKS,
    },
  ),
  optional_pre_call_checks: honours(
    list,
    'LiteLLM’s checks before a request. `enforce_model_rate_limits` makes `rpm` and `tpm` of the entries limits; the others have no effect.',
    { example: ['enforce_model_rate_limits'], shape: NAMES },
  ),
  enable_pre_call_checks: honours(
    flag,
    'Makes `rpm` of the entries a limit, as in LiteLLM. Its check of the length of a prompt is left to the server.',
    { default: false },
  ),
  content_policy_fallbacks: knows(list),
  ...knowsAll(`redis_host redis_port redis_password redis_url cache_responses routing_groups routing_strategy_args retry_policy allowed_fails_policy
    model_group_retry_policy default_litellm_params set_verbose debug_level max_fallbacks disable_cooldowns retry_after polling_interval enable_tag_filtering`),
} satisfies Section;

/** `general_settings`. */
export const GENERAL_SETTINGS = {
  master_key: honours(
    text,
    'The key that clients must send. Without it, the gateway listens on loopback addresses only, unless `hxllm.open` is true.',
    { example: 'os.environ/LITELLM_MASTER_KEY' },
  ),
  user_header_mappings: honours(
    list,
    'The headers that name the user who asks, the first one that a request has, each with `header_name`; they count for a key with `trust_user_headers`.',
    {
      example: [{ header_name: 'X-Forwarded-Email', litellm_user_role: 'customer' }],
      shape: {
        items: {
          type: 'object',
          properties: {
            header_name: { type: 'string', description: 'The name of the header.' },
            litellm_user_role: { type: 'string', description: 'Both of LiteLLM’s roles mean the user who asks.' },
          },
          required: ['header_name'],
        },
      },
    },
  ),
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
  num_retries: honours(whole(0), 'The same as `router_settings.num_retries`, which counts first.', { default: 3 }),
  request_timeout: honours(number(0), 'The same as `router_settings.timeout`, which counts first.', {
    unit: 's',
    default: 0,
  }),
  timezone: honours(text, 'The time zone in which the periods of budgets begin.', {
    default: 'UTC',
    example: 'Europe/Berlin',
  }),
  allowed_fails: honours(whole(0), 'The same as `router_settings.allowed_fails`, which counts first.', { default: 3 }),
  drop_params: honours(
    flag,
    'Without effect: parameters that cannot be honoured are always dropped and named in `x-hxllm-ignored-params`, or refused with `hxllm.strict`.',
  ),
  set_verbose: honours(flag, 'Without effect.'),
  json_logs: honours(flag, 'Without effect: the log is always JSON.'),
  telemetry: honours(flag, 'Without effect: the gateway sends no telemetry.'),
  fallbacks: honours(list, 'The same as `router_settings.fallbacks`, which counts first.', { shape: FALLBACKS }),
  default_fallbacks: honours(list, 'The same as `router_settings.default_fallbacks`, which counts first.', {
    shape: NAMES,
  }),
  context_window_fallbacks: honours(
    list,
    'The same as `router_settings.context_window_fallbacks`, which counts first.',
    {
      shape: FALLBACKS,
    },
  ),
  ...knowsAll(`callbacks success_callback failure_callback service_callbacks cache cache_params content_policy_fallbacks
    turn_off_message_logging redact_user_api_key_info max_budget budget_duration modify_params enable_json_schema_validation default_internal_user_params
    default_team_settings upperbound_key_generate_params key_generation_settings ssl_verify return_response_headers disable_add_transform_inline_image_block
    enable_preview_features public_model_groups cost_discount_config langfuse_default_tags force_ipv4 aiohttp_trust_env disable_hf_tokenizer_download`),
} satisfies Section;
