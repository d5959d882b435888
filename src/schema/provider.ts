import { variableOf, type Environment } from './environment.ts';
import { showValue, type DocumentPath } from './issue.ts';
import type { IssueList } from './section.ts';

const OLLAMA = new Set(['ollama_chat', 'ollama']);
/**
 * Providers of LiteLLM with OpenAI's API (its constants.py, `openai_compatible_providers`, and those that its main.py calls with
 * OpenAI's client). With an `api_base` each is a server with `/v1`.
 */
const OPENAI = new Set(
  `openai custom_openai openai_like text-completion-openai aiohttp_openai hosted_vllm vllm lm_studio llamafile openrouter mistral
  anyscale groq nvidia_nim cerebras baseten sambanova ai21_chat ai21 volcengine codestral deepseek tencent deepinfra perplexity xinference
  xai zai together_ai fireworks_ai empower friendliai azure_ai github litellm_proxy galadriel novita meta_llama publicai synthetic
  tensormesh apertis nano-gpt poe chutes parasail libertai featherless_ai nscale nebius dashscope qwencloud qwen_ai_platform modelscope
  moonshot v0 helicone morph lambda_ai inception hyperbolic vercel_ai_gateway aiml edenai wandb cometapi clarifai docker_model_runner
  ragflow pinstripes darkbloom meta cognition coralbricks cortecs scx-ai prism sail reka lemonade ovhcloud scaleway minimax xiaomi_mimo
  neosantara compactifai oobabooga heroku`.split(/\s+/),
);

/** Variables that LiteLLM reads for entries without `api_base`. */
const BASE_VARIABLES: Readonly<Record<string, string>> = {
  hosted_vllm: 'HOSTED_VLLM_API_BASE',
  lm_studio: 'LM_STUDIO_API_BASE',
  llamafile: 'LLAMAFILE_API_BASE',
};

/** OpenAI's own models, which LiteLLM knows without a prefix. */
const OPENAI_MODEL = /^(?:gpt-[3-9]|o[1-9](?:-|$)|chatgpt-|text-embedding-(?:3|ada)-)/;

const DEFAULT_OLLAMA = 'http://localhost:11434';
const DEFAULT_OPENAI = 'https://api.openai.com/v1';
const EXPECTED = 'ollama_chat/NAME, ollama/NAME or openai/NAME';

/** The kind of server of an entry, and the model's name there. */
export interface NamedModel {
  readonly provider: 'ollama' | 'openai';
  /** The prefix as written. */
  readonly prefix: string;
  readonly model: string;
}

/**
 * Reads `litellm_params.model` and `custom_llm_provider`. `undefined` if it names a provider that hxllm does not support: the
 * entry is left out, with a warning. OpenAI's own models need no prefix if the entry `hasServer`.
 */
export function readModelName(
  given: string,
  { custom, hasServer }: { readonly custom: string | undefined; readonly hasServer: boolean },
  at: DocumentPath,
  findings: IssueList,
): NamedModel | undefined {
  const path = [...at, 'model'];
  const provider = custom ?? (hasServer && OPENAI_MODEL.test(given) ? 'openai' : undefined);
  const model = provider === undefined || given.startsWith(`${provider}/`) ? given : `${provider}/${given}`;
  const slash = model.indexOf('/');
  const [prefix, name] = [model.slice(0, Math.max(slash, 0)), model.slice(slash + 1)];
  if (name !== '' && OLLAMA.has(prefix)) return { provider: 'ollama', prefix, model: name };
  if (name !== '' && OPENAI.has(prefix)) return { provider: 'openai', prefix, model: name };
  findings.warning(
    'config.provider-unsupported',
    path,
    `expected ${EXPECTED}, found ${showValue(model, path)}; this entry is left out`,
    `remove the entry, or point it at a server with /v1 as openai/${name === '' ? 'NAME' : name}`,
  );
  return undefined;
}

/**
 * The URL of an entry without `api_base`, as LiteLLM has it. A provider on the internet has none: its entry is left out, with a
 * warning, unless it is `openai/` and `hxllm.external` is true.
 */
export function defaultUrl(
  { provider, prefix, model }: NamedModel,
  { environment, external }: { readonly environment: Environment; readonly external: boolean },
  at: DocumentPath,
  findings: IssueList,
): string | undefined {
  const variable = provider === 'ollama' ? 'OLLAMA_API_BASE' : BASE_VARIABLES[prefix];
  const set = variable === undefined ? undefined : variableOf(environment, variable);
  if (set !== undefined || provider === 'ollama') return set ?? DEFAULT_OLLAMA;
  if (external && prefix === 'openai') return DEFAULT_OPENAI;
  findings.warning(
    'config.external',
    [...at, 'model'],
    `expected an api_base for ${prefix}/${model}, found none: it would be asked on the internet; this entry is left out`,
    prefix === 'openai'
      ? 'add api_base, or set hxllm.external to true to use api.openai.com'
      : 'add the api_base of a server with /v1, or remove the entry',
  );
  return undefined;
}
