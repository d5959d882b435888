import type { Deployment } from '../../../schema/gateway-config.ts';
import type { Json } from '../../json.ts';

/** Facts about the model of a deployment that its server reports; `undefined` where it does not. */
export interface ModelFacts {
  readonly capabilities: readonly unknown[] | undefined;
  /** Tokens of prompt and response together, as requests get them now. */
  readonly context: number | undefined;
  /** Tokens that the configuration or the model's own file states, and those that the model was trained for. */
  readonly contexts: { readonly stated: number | undefined; readonly trained: number | undefined };
}

/** Fields that clients read and that no server here reports. LiteLLM's other fields are prices, which are null too. */
const UNKNOWN: Json = Object.fromEntries(
  `cache_creation_input_token_cost cache_read_input_token_cost input_cost_per_character input_cost_per_token_above_128k_tokens
  input_cost_per_query input_cost_per_second input_cost_per_audio_token output_cost_per_audio_token output_cost_per_character
  output_cost_per_token_above_128k_tokens output_cost_per_reasoning_token output_cost_per_second output_cost_per_image
  output_vector_size supports_assistant_prefill supports_prompt_caching supports_audio_input supports_audio_output
  supports_pdf_input supports_embedding_image_input supports_web_search supports_url_context supports_computer_use
  search_context_cost_per_query tpm rpm`
    .split(/\s+/)
    .map((name) => [name, null]),
);

const CHAT_PARAMS =
  `temperature top_p max_tokens max_completion_tokens n stop seed stream stream_options presence_penalty frequency_penalty
  logprobs top_logprobs response_format`.split(/\s+/);
const TOOL_PARAMS = ['tools', 'tool_choice', 'parallel_tool_calls', 'functions', 'function_call'];
const EMBED_PARAMS = ['dimensions', 'encoding_format'];

/** One entry of `/model/info`, as LiteLLM 1.108.7 writes it (model_info_v1 in proxy_server.py). The entry's own words count first. */
export function modelInfoBody(alias: string, deployment: Deployment, facts: ModelFacts): Json {
  const { listed } = deployment;
  return {
    model_name: alias,
    litellm_params: {
      ...listed.params,
      use_in_pass_through: false,
      use_litellm_proxy: false,
      merge_reasoning_content_in_choices: false,
    },
    model_info: {
      id: listed.id,
      db_model: false,
      ...UNKNOWN,
      ...reportedInfo(deployment, facts),
      ...Object.fromEntries(Object.entries(listed.info).filter(([, value]) => value !== null)),
    },
  };
}

function reportedInfo(deployment: Deployment, { capabilities, context: known, contexts }: ModelFacts): Json {
  const context = known ?? null;
  const can = (name: string): boolean | null => capabilities?.includes(name) ?? null;
  const isEmbedding = can('embedding') === true && can('completion') !== true;
  const mode = deployment.mode ?? (isEmbedding ? 'embedding' : 'chat');
  return {
    key: deployment.model,
    litellm_provider: providerName(deployment),
    mode,
    max_tokens: context,
    max_input_tokens: context,
    max_output_tokens: context,
    // Fields of hxllm's own: the context above may grow with the prompts.
    stated_context: contexts.stated ?? null,
    trained_context: contexts.trained ?? null,
    // The servers are the operator's own.
    input_cost_per_token: 0,
    output_cost_per_token: 0,
    supports_system_messages: mode === 'chat',
    supports_response_schema: mode === 'chat',
    supports_native_streaming: mode === 'chat',
    supports_function_calling: can('tools'),
    supports_parallel_function_calling: can('tools'),
    supports_tool_choice: can('tools'),
    supports_vision: can('vision'),
    supports_reasoning: can('thinking'),
    supported_openai_params:
      mode === 'embedding'
        ? EMBED_PARAMS
        : [
            ...CHAT_PARAMS,
            ...(can('tools') === false ? [] : TOOL_PARAMS),
            ...(can('thinking') === false ? [] : ['reasoning_effort']),
          ],
  };
}

/** LiteLLM's name for the kind of server, as the entry writes it. */
export function providerName({ listed: { params }, provider }: Deployment): string {
  const { custom_llm_provider: custom, model } = params;
  if (typeof custom === 'string') return custom;
  const slash = typeof model === 'string' ? model.indexOf('/') : -1;
  return typeof model === 'string' && slash > 0 ? model.slice(0, slash) : provider;
}
