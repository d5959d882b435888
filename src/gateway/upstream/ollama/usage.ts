import { count, tokenCount, type Json } from '../../json.ts';
import type { Usage } from '../../exchange.ts';

const NS_PER_MS = 1_000_000;

/** The usage in the last line of a response; fields that are zero are absent there. */
export function usageOf(done: Json): Usage {
  return {
    promptTokens: tokenCount(done['prompt_eval_count']),
    completionTokens: tokenCount(done['eval_count']),
    totalMs: count(done, 'total_duration') / NS_PER_MS,
    loadMs: count(done, 'load_duration') / NS_PER_MS,
    prefillMs: count(done, 'prompt_eval_duration') / NS_PER_MS,
    decodeMs: count(done, 'eval_duration') / NS_PER_MS,
  };
}
