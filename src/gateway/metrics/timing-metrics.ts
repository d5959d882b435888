import type { RequestRecord } from '../request-context.ts';
import type { AccessLogLine } from '../usage/access-log.ts';
import { Histogram } from './histogram.ts';
import { Counter, type Metric } from './metric.ts';

const PER_TOKEN_S = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1];
const PREFILL_S = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const LOAD_S = [1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600];
const OVERHEAD_S = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
// Powers of 4, up to the longest contexts.
const TOKENS = Array.from({ length: 10 }, (_, power) => 4 ** power);
/** Clocks of two machines and rounding differ by less. */
const ROUNDING_MS = 1;

const BY_MODEL = ['model'];
const BY_BACKEND = ['model', 'backend'];

/** The parts of a request that its log line does not have. */
export type TimedRecord = Pick<RequestRecord, 'usage' | 'askedMs' | 'firstMs' | 'finish' | 'group' | 'reason'>;

/** Counts what takes time in requests, and how they end. Only speeds of servers have the label `backend`: a fleet has thousands of pairs. */
export class TimingMetrics {
  readonly #perToken = new Histogram(
    {
      name: 'hxllm_time_per_output_token_seconds',
      help: 'Mean time for a token of a response behind its first one, as the backend measured it, else as streams show it.',
      labelNames: BY_BACKEND,
    },
    PER_TOKEN_S,
  );
  readonly #prefill = new Histogram(
    {
      name: 'hxllm_prefill_seconds',
      help: 'Time for reading a prompt, as the backend measured it, else as streams show it.',
      labelNames: BY_BACKEND,
    },
    PREFILL_S,
  );
  readonly #load = new Histogram(
    { name: 'hxllm_load_seconds', help: 'Wait of requests for a load of their model.', labelNames: BY_MODEL },
    LOAD_S,
  );
  readonly #overhead = new Histogram(
    {
      name: 'hxllm_overhead_seconds',
      help: 'Time of answered requests beyond their waits and the time that the backend says it took: the gateway, the network, and slow readers.',
      labelNames: BY_MODEL,
    },
    OVERHEAD_S,
  );
  readonly #promptSize = new Histogram(
    { name: 'hxllm_request_prompt_tokens', help: 'Tokens of the prompt of a request.', labelNames: BY_MODEL },
    TOKENS,
  );
  readonly #completionSize = new Histogram(
    { name: 'hxllm_request_completion_tokens', help: 'Tokens of the response to a request.', labelNames: BY_MODEL },
    TOKENS,
  );
  readonly #finishes = new Counter({
    name: 'hxllm_finishes_total',
    help: 'Complete responses, by the reason for their end: stop, length or tool-calls.',
    labelNames: [...BY_MODEL, 'reason'],
  });
  readonly #fallbacks = new Counter({
    name: 'hxllm_fallbacks_total',
    help: 'Requests for which a fallback was tried, by alias and the last fallback.',
    labelNames: [...BY_MODEL, 'fallback'],
  });

  readonly metrics: readonly Metric[] = [
    this.#perToken,
    this.#prefill,
    this.#load,
    this.#overhead,
    this.#promptSize,
    this.#completionSize,
    this.#finishes,
    this.#fallbacks,
  ];

  /** Counts a request that was sent to a backend. */
  count(line: AccessLogLine, record: TimedRecord, model: string, backend: string): void {
    if (line.attempts === undefined) return;
    if (line.load_ms !== undefined && line.load_ms > 0) this.#load.observe(line.load_ms / 1000, [model]);
    if (record.group !== undefined && record.reason?.startsWith('fallback/') === true)
      this.#fallbacks.add(1, [model, record.group]);
    if (record.usage === undefined || line.ended !== 'answered') return;
    const { promptTokens, completionTokens } = record.usage;
    this.#promptSize.observe(promptTokens, [model]);
    this.#completionSize.observe(completionTokens, [model]);
    if (record.finish !== undefined) this.#finishes.add(1, [model, record.finish]);
    const [perTokenMs, prefillMs, overheadMs] = [perToken(line, record), prefill(line, record), overhead(line, record)];
    if (perTokenMs !== undefined) this.#perToken.observe(perTokenMs / 1000, [model, backend]);
    if (prefillMs !== undefined) this.#prefill.observe(prefillMs / 1000, [model, backend]);
    if (overheadMs !== undefined) this.#overhead.observe(overheadMs / 1000, [model]);
  }
}

function perToken({ total_ms = 0, stream }: AccessLogLine, { usage, firstMs }: TimedRecord): number | undefined {
  const { completionTokens = 0, decodeMs } = usage ?? {};
  if (decodeMs !== undefined) return completionTokens === 0 ? undefined : decodeMs / completionTokens;
  if (stream !== true || firstMs === undefined || completionTokens < 2) return undefined;
  return Math.max(0, total_ms - firstMs) / (completionTokens - 1);
}

function prefill({ stream }: AccessLogLine, { usage, askedMs, firstMs }: TimedRecord): number | undefined {
  if (usage?.prefillMs !== undefined) return usage.prefillMs;
  return stream !== true || askedMs === undefined || firstMs === undefined ? undefined : Math.max(0, firstMs - askedMs);
}

/** Of one attempt: the time of others was a backend's, too. Several subrequests at once take more than the whole. */
function overhead(
  { attempts, total_ms = 0, queue_ms = 0, load_ms = 0 }: AccessLogLine,
  { usage }: TimedRecord,
): number | undefined {
  if (attempts !== 1 || usage?.totalMs === undefined) return undefined;
  const ms = total_ms - queue_ms - load_ms - usage.totalMs;
  return ms < -ROUNDING_MS ? undefined : Math.max(0, ms);
}
