import { list, mapping } from '../kind.ts';
import { honours, knowsAll, type Section } from '../section.ts';
import {
  HXLLM,
  HXLLM_BACKEND,
  HXLLM_CONTEXT,
  HXLLM_END_USER_LIMITS,
  HXLLM_TIMEOUTS,
  HXLLM_TLS,
  HXLLM_USAGE,
} from './hxllm.ts';
import { GENERAL_SETTINGS, LITELLM_SETTINGS, ROUTER_SETTINGS } from './litellm.ts';
import { HXLLM_KEY, HXLLM_TEAM } from './keys.ts';
import { LITELLM_PARAMS, MODEL_ENTRY, MODEL_INFO } from './model-list.ts';
import { OLLAMA_OPTIONS } from './ollama-options.ts';

/** The document itself. */
export const ROOT = {
  model_list: honours(list, 'The deployments: each entry is one model on one backend.', { shape: { minItems: 1 } }),
  litellm_settings: honours(mapping, 'LiteLLM’s general settings.'),
  router_settings: honours(mapping, 'How requests are routed, retried and given to fallbacks.'),
  general_settings: honours(mapping, 'The master key.'),
  hxllm: honours(mapping, 'Settings that LiteLLM’s format does not have.'),
  environment_variables: honours(
    mapping,
    'Variables for `os.environ/NAME`, and for the variables that the gateway reads itself. They come before those of the process.',
    { example: { OLLAMA_API_BASE: 'http://llm01.example.net:11434' } },
  ),
  include: honours(
    list,
    'Further files: their lists are joined to those of this file, and their other values replace them. A path is relative to the file that names it.',
    { example: ['models.yaml'] },
  ),
  ...knowsAll(
    'callback_settings guardrails mcp_servers credential_list search_tools vector_store_registry prompts files_settings finetune_settings assistant_settings',
  ),
} satisfies Section;

/** One mapping of the document. */
export interface DocumentSection {
  /** Its path: `*` stands for every entry of a list, or every value of a mapping. */
  readonly path: readonly string[];
  readonly keys: Section;
  readonly required?: readonly string[];
  /** The effect of a key that `keys` does not have: `ignored` with a warning, or `accepted` in silence or as an option. */
  readonly otherKeys: 'ignored' | 'accepted';
}

/** Every mapping of `config.yaml`, for its documentation and its JSON Schema. */
export const DOCUMENT: readonly DocumentSection[] = [
  { path: [], keys: ROOT, required: ['model_list'], otherKeys: 'ignored' },
  {
    path: ['model_list', '*'],
    keys: MODEL_ENTRY,
    required: ['model_name', 'litellm_params'],
    otherKeys: 'ignored',
  },
  {
    path: ['model_list', '*', 'litellm_params'],
    keys: { ...LITELLM_PARAMS, ...OLLAMA_OPTIONS },
    required: ['model'],
    otherKeys: 'accepted',
  },
  { path: ['model_list', '*', 'model_info'], keys: MODEL_INFO, otherKeys: 'accepted' },
  { path: ['router_settings'], keys: ROUTER_SETTINGS, otherKeys: 'ignored' },
  { path: ['litellm_settings'], keys: LITELLM_SETTINGS, otherKeys: 'ignored' },
  { path: ['general_settings'], keys: GENERAL_SETTINGS, otherKeys: 'ignored' },
  { path: ['hxllm'], keys: HXLLM, otherKeys: 'ignored' },
  { path: ['hxllm', 'tls'], keys: HXLLM_TLS, required: ['cert', 'key'], otherKeys: 'ignored' },
  { path: ['hxllm', 'keys', '*'], keys: HXLLM_KEY, required: ['alias', 'hash'], otherKeys: 'ignored' },
  { path: ['hxllm', 'teams', '*'], keys: HXLLM_TEAM, required: ['alias'], otherKeys: 'ignored' },
  { path: ['hxllm', 'usage'], keys: HXLLM_USAGE, otherKeys: 'ignored' },
  { path: ['hxllm', 'end_user_limits'], keys: HXLLM_END_USER_LIMITS, otherKeys: 'ignored' },
  { path: ['hxllm', 'backends', '*'], keys: HXLLM_BACKEND, otherKeys: 'ignored' },
  { path: ['hxllm', 'context'], keys: HXLLM_CONTEXT, otherKeys: 'ignored' },
  { path: ['hxllm', 'timeouts'], keys: HXLLM_TIMEOUTS, otherKeys: 'ignored' },
];
