import type { Json } from '../../json.ts';
import type { Usage } from '../../exchange.ts';

const NS_PER_MS = 1_000_000;

/** Measures the times of a response, for servers that do not report them. */
export class ResponseMetrics {
  readonly #sinceMs = performance.now();
  #firstMs: number | undefined;

  /** Records the time of the first event. */
  markFirstEvent(): void {
    this.#firstMs ??= performance.now();
  }

  /** Counts and times of the last line, in ns; zero values are left out. */
  metrics(usage: Usage): Json {
    const nowMs = performance.now();
    const firstMs = this.#firstMs ?? nowMs;
    const isReported = (usage.totalMs ?? 0) > 0;
    const {
      totalMs,
      loadMs = 0,
      prefillMs = 0,
      decodeMs = 0,
    } = isReported
      ? usage
      : { totalMs: nowMs - this.#sinceMs, prefillMs: firstMs - this.#sinceMs, decodeMs: nowMs - firstMs };
    const all = {
      total_duration: nanoseconds(totalMs ?? 0),
      load_duration: nanoseconds(loadMs),
      prompt_eval_count: usage.promptTokens,
      prompt_eval_duration: nanoseconds(prefillMs),
      eval_count: usage.completionTokens,
      eval_duration: nanoseconds(decodeMs),
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value > 0));
  }
}

function nanoseconds(ms: number): number {
  return Math.round(ms * NS_PER_MS);
}
