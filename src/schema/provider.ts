import { showValue, type DocumentPath } from './issue.ts';
import type { IssueList } from './section.ts';

const OLLAMA = new Set(['ollama_chat', 'ollama']);
const OPENAI = new Set(['openai', 'hosted_vllm', 'lm_studio', 'llamafile', 'openai_like', 'custom_openai']);
/** LiteLLM providers that hxllm does not support. A file that names them still works, without those entries. */
const ELSEWHERE = new Set(
  `anthropic azure azure_ai bedrock cerebras cohere cohere_chat databricks deepseek fireworks_ai gemini github github_copilot groq huggingface
  mistral nvidia_nim openrouter perplexity replicate sagemaker sagemaker_chat sambanova text-completion-openai together_ai vertex_ai vllm voyage watsonx xai`.split(
    /\s+/,
  ),
);

const DEFAULT_OLLAMA = 'http://localhost:11434';
const DEFAULT_OPENAI = 'https://api.openai.com/v1';
const EXPECTED = 'ollama_chat/NAME, ollama/NAME or openai/NAME';

/**
 * Reads `litellm_params.model` and `api_base`: the provider, the URL, and the model's name there. `undefined` if an
 * issue was found.
 */
export function readModelName(
  model: string | undefined,
  apiBase: string | undefined,
  at: DocumentPath,
  findings: IssueList,
): { readonly provider: 'ollama' | 'openai'; readonly model: string; readonly url: string } | undefined {
  const path = [...at, 'model'];
  if (model === undefined) {
    findings.missing(path, EXPECTED);
    return undefined;
  }
  const slash = model.indexOf('/');
  const [provider, name] = [model.slice(0, Math.max(slash, 0)), model.slice(slash + 1)];
  if (ELSEWHERE.has(provider)) {
    findings.warning(
      'config.provider-unsupported',
      path,
      `expected ${EXPECTED}, found ${showValue(model, path)}; this entry is ignored`,
      `remove the entry, or point it at a server with /v1 as openai/${name}`,
    );
    return undefined;
  }
  if (name === '' || (!OLLAMA.has(provider) && !OPENAI.has(provider))) {
    findings.wrong(path, EXPECTED, model);
    return undefined;
  }
  return OLLAMA.has(provider)
    ? { provider: 'ollama', model: name, url: apiBase ?? DEFAULT_OLLAMA }
    : { provider: 'openai', model: name, url: apiBase ?? DEFAULT_OPENAI };
}
