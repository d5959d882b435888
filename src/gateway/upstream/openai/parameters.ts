import type { Json } from '../../json.ts';
import type { ChatRequest } from '../../exchange.ts';
import { exactNumber } from '../../../core/exact-number.ts';

// vLLM and llama.cpp have different names for one of them; each ignores the name it does not know.
const NAMES: Readonly<Record<string, readonly string[]>> = {
  temperature: ['temperature'],
  top_p: ['top_p'],
  seed: ['seed'],
  presence_penalty: ['presence_penalty'],
  frequency_penalty: ['frequency_penalty'],
  top_k: ['top_k'],
  min_p: ['min_p'],
  typical_p: ['typical_p'],
  repeat_penalty: ['repeat_penalty', 'repetition_penalty'],
  repeat_last_n: ['repeat_last_n'],
  mirostat: ['mirostat'],
  mirostat_eta: ['mirostat_eta'],
  mirostat_tau: ['mirostat_tau'],
};

/** The names of an Ollama parameter on other servers; none if they do not have it. */
export function namesOf(name: string): readonly string[] {
  return Object.hasOwn(NAMES, name) ? (NAMES[name] ?? []) : [];
}

/** The parameters that chats and completions share, for an OpenAI-compatible server. */
export function parametersOf({
  sampling,
  stop,
  namesStop,
  maxTokens,
  stream,
}: Pick<ChatRequest, 'sampling' | 'stop' | 'namesStop' | 'maxTokens' | 'stream'>): Json {
  const named = Object.entries(sampling).flatMap(([name, value]) =>
    namesOf(name).map((theirs) => [theirs, exactNumber(value)] as const),
  );
  return {
    ...Object.fromEntries(named),
    // A server that stops at a sequence does not report it.
    stop: stop.length === 0 || namesStop === true ? undefined : stop,
    // Older servers know no other name. Most refuse 0; the one token that comes is dropped.
    max_tokens: maxTokens === undefined ? undefined : Math.max(1, maxTokens),
    stream,
    stream_options: stream ? { include_usage: true } : undefined,
  };
}
