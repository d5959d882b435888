import { anything, flag, httpUrl, keepAlive, list, mapping, number, oneOf, text, whole } from '../kind.ts';
import { honours, knowsAll, type Section } from '../section.ts';

/** An entry of `model_list`. */
export const MODEL_ENTRY = {
  model_name: honours(
    text,
    'The alias that clients ask for. Entries with the same alias share its requests. A name with stars is a pattern: with stars in `model` it serves the models that the servers have, else every name that it matches.',
    {
      example: 'phi3-3.8b',
    },
  ),
  litellm_params: honours(mapping, 'The model, its backend, and how the gateway asks it.'),
  model_info: honours(
    mapping,
    'Information about the model. Only `mode`, `rpm`, `tpm`, `cooldown_time`, `access_groups`, `blocked` and `supported_environments` have an effect.',
  ),
  rpm: honours(whole(0), 'The same as `litellm_params.rpm`, which counts first.'),
  tpm: honours(whole(0), 'The same as `litellm_params.tpm`, which counts first.'),
} satisfies Section;

/** `model_info`. The other keys are for people and for LiteLLM's cost tables, so unknown keys are no issue. */
export const MODEL_INFO = {
  mode: honours(
    oneOf('chat', 'embedding', 'completion'),
    'The purpose of the model, which clients of Ollama’s API see if no backend reports it.',
  ),
  rpm: honours(whole(0), 'The same as `litellm_params.rpm`, which counts first.'),
  tpm: honours(whole(0), 'The same as `litellm_params.tpm`, which counts first.'),
  cooldown_time: honours(number(0), 'The same as `litellm_params.cooldown_time`; this one counts first.', {
    unit: 's',
  }),
  access_groups: honours(
    list,
    'Names of groups of models; a key or team with such a name in its `models` may use the alias of the entry.',
    { shape: { type: 'array', items: { type: 'string' } }, example: ['small'] },
  ),
  blocked: honours(flag, 'Whether the entry is paused: it is left out, with a warning.', { default: false }),
  supported_environments: honours(
    list,
    'Values of the variable `LITELLM_ENVIRONMENT` that the entry is for. With any other value, or none, it is left out, with a warning.',
    { shape: { type: 'array', items: { type: 'string' } } },
  ),
  ...knowsAll('team_id access_windows allowed_fails allowed_fails_policy itpm otpm'),
} satisfies Section;

/** `litellm_params`, without Ollama's options. */
export const LITELLM_PARAMS = {
  model: honours(
    text,
    'The kind of backend and the model’s name there: `ollama_chat/NAME` or `ollama/NAME` for Ollama, `openai/NAME` for any server with `/v1` (with an `api_base`, the prefixes of LiteLLM’s OpenAI-compatible providers mean the same: `hosted_vllm`, `lm_studio`, `custom_openai`, `groq`, `openrouter` …). OpenAI’s own models (`gpt-4o-mini`) need no prefix beside an `api_base`. An entry of another provider is left out, with a warning.',
    { example: 'ollama_chat/phi3:3.8b' },
  ),
  api_base: honours(
    httpUrl,
    'The URL of the backend; for `openai/NAME` with its `/v1`. Without it: the variable `OLLAMA_API_BASE`, else `http://localhost:11434`, for Ollama; an entry of another server is left out, unless `hxllm.external` is true.',
    { example: 'http://llm01.example.net:11434' },
  ),
  api_key: honours(text, 'The key that the gateway sends to the backend.', { example: 'os.environ/BACKEND_KEY' }),
  keep_alive: honours(
    keepAlive,
    'How long Ollama keeps the model in memory after its last request: seconds as a number (negative: for ever), or a duration. Without it, Ollama’s own setting counts.',
    { example: '30m' },
  ),
  timeout: honours(
    number(0),
    'The longest time for a response that is not streamed; the queue and a load are part of it. It also limits the first byte of a stream that has no `stream_timeout`. 0: no limit.',
    { unit: 's', inherits: ['router_settings.timeout'] },
  ),
  stream_timeout: honours(number(0), 'The longest wait for the first byte of a stream. 0: no limit.', {
    unit: 's',
    inherits: ['router_settings.stream_timeout', 'litellm_params.timeout', 'hxllm.timeouts.first_byte'],
  }),
  weight: honours(
    number(0),
    'The share of the alias’ requests that this deployment gets, with the strategy `simple-shuffle` or without a `routing_strategy`: 3 and 1 are three quarters and one quarter, as far as slots are free. Where any entry of the alias has a weight, an entry without one has the weight 0: it is used while no other has a free slot. Without any weight, `rpm` is the weight, then `tpm`.',
  ),
  order: honours(
    whole(0),
    'Its place in the order of preference: deployments with the lowest number are used as long as one is available. Those without a number come last.',
  ),
  rpm: honours(
    whole(0),
    'The requests per minute that the backend is meant for. As in LiteLLM it is a weight (see `weight`) and no limit, unless `optional_pre_call_checks` has `enforce_model_rate_limits`, `enable_pre_call_checks` is true, or the strategy is `usage-based-routing`. Then a deployment over its limit is skipped; if all of an alias are, the answer is 429 with `retry-after: 60`.',
  ),
  tpm: honours(
    whole(0),
    'The tokens per minute that the backend is meant for, counted at the end of each response. A weight, or a limit as `rpm` is; `enable_pre_call_checks` does not make it one.',
  ),
  cooldown_time: honours(
    number(0),
    'How long this deployment is avoided in cooldown, counted before that of the router.',
    {
      unit: 's',
      inherits: ['router_settings.cooldown_time'],
    },
  ),
  max_tokens: honours(
    whole(1),
    'The limit on the tokens of a response for requests that set none (Ollama’s `num_predict`).',
    {
      unit: 'tokens',
    },
  ),
  max_completion_tokens: honours(whole(1), 'Another name of `max_tokens`, which counts first.', { unit: 'tokens' }),
  think: honours(
    anything,
    'Whether the model thinks, for requests that leave it open: `true`, `false`, or how much (`low`, `medium`, `high`). A model that cannot think serves them without.',
    { shape: { type: ['boolean', 'string'] }, example: false },
  ),
  reasoning_effort: honours(anything, 'The same as `think`, which counts first; `none` is `false`.', {
    shape: { type: ['boolean', 'string'] },
    example: 'low',
  }),
  base_url: honours(httpUrl, 'Another name of `api_base`, which counts first.'),
  custom_llm_provider: honours(
    text,
    'The kind of backend, as the prefix of `model` names it, for a `model` without that prefix.',
    { example: 'ollama_chat' },
  ),
  extra_body: honours(
    mapping,
    'Fields of the request, as LiteLLM sends them. To Ollama: `options` (Ollama’s options, which count before the same ones beside it), `keep_alive`, `think`, and options as fields of their own; other fields are ignored, with a warning. To a server with `/v1`: any field that the request does not have.',
    { example: { options: { num_ctx: 16_384 } } },
  ),
  mock_response: honours(
    text,
    'The text of every response of this entry, as in LiteLLM: no server is asked, so that `model` may name any provider.',
    { example: 'The service is being moved.' },
  ),
  ...knowsAll(`max_retries num_retries tags tag_regex api_version organization itpm otpm mode base_model description metadata user n
    drop_params additional_drop_params merge_reasoning_content_in_choices max_parallel_requests litellm_credential_name extra_headers region_name
    max_input_tokens max_output_tokens stream stream_options model_info max_budget budget_duration guardrails use_in_pass_through
    use_chat_completions_api use_litellm_proxy configurable_clientside_auth_params default_headers headers thinking tools tool_choice
    response_format cache ttl caching litellm_provider supported_openai_params allowed_openai_params request_timeout api_type fallbacks context_window_fallbacks
    rpm_limit tpm_limit default_api_key_rpm_limit default_api_key_tpm_limit keepalive_seconds allow_client_keepalive_override vector_store_id logit_bias modify_params
    ssl_verify client_id client_secret tenant_id parallel_tool_calls model_name health_check_timeout dimensions encoding_format
    allowed_model_region bucket_name max_file_size_mb output_vector_size tiered_pricing use_xai_oauth id custom_prompt_dict bos_token eos_token roles
    final_prompt_value initial_prompt_value retry_policy retry_strategy routing_strategy max_fallbacks force_timeout client_side_timeout mock_timeout
    context_window_fallback_dict enable_tag_filtering enable_prompt_caching silent_model no-log secret_fields stream_response stream_chunk_size verbose
    turn_off_message_logging user_continue_message assistant_continue_message ensure_alternating_roles data_residency model_alias_map
    enable_json_schema_validation disable_add_transform_inline_image_block search_tool_name max_agentic_loops messages prompt input best_of`),
} satisfies Section;

/** LiteLLM's families of keys (its types/utils.py and types/router.py): abilities, prices, and other providers' credentials. */
const LITELLM_FAMILIES =
  /^(?:supports_|aws_|vertex_|azure_|s3_|gcs_|watsonx_|anthropic_|openai_|bedrock_|token_exchange_|auto_router_|complexity_router_|adaptive_router_|quality_router_|milvus_|arize_|dd_|fireworks_|github_copilot_|hf_|humanloop_|langfuse_|langsmith_|litellm_|newrelic_|posthog_|prompt_(?:id|label|variables|version|environment)$|provider_|regional_|signoz_|wandb_|weave_|_|valkey_|timeout_by_|stream_timeout_by_)|cost_per_|_cost(?:_|$)/;

/** Whether a key of `litellm_params` belongs to LiteLLM's own families, so that it is no option of Ollama's. */
export function isLitellmKey(name: string): boolean {
  return LITELLM_FAMILIES.test(name);
}
