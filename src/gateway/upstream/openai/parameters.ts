import type { Json } from '../../json.ts';
import type { ChatRequest } from '../../exchange.ts';

// vLLM's name and llama.cpp's differ in one of them; each leaves out what it does not know.
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

/** By what names other servers know a parameter of Ollama's; none where they do not. */
export function namesOf(name: string): readonly string[] {
  return Object.hasOwn(NAMES, name) ? (NAMES[name] ?? []) : [];
}

/** What chats and completions have in common, as an OpenAI server takes it. */
export function parametersOf({
  sampling,
  stop,
  namesStop,
  maxTokens,
  stream,
}: Pick<ChatRequest, 'sampling' | 'stop' | 'namesStop' | 'maxTokens' | 'stream'>): Json {
  const named = Object.entries(sampling).flatMap(([name, value]) =>
    namesOf(name).map((theirs) => [theirs, value] as const),
  );
  return {
    ...Object.fromEntries(named),
    // What the server stopped at it would not say.
    stop: stop.length === 0 || namesStop === true ? undefined : stop,
    // Older servers know no other name. 0 is refused by most; of the one token that comes nothing is told.
    max_tokens: maxTokens === undefined ? undefined : Math.max(1, maxTokens),
    stream,
    stream_options: stream ? { include_usage: true } : undefined,
  };
}
