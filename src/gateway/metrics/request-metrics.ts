import type { AccessLogLine } from '../usage/access-log.ts';
import { Histogram } from './histogram.ts';
import { Counter, type Metric } from './metric.ts';

// From a small model on a warm slot to a load and a long queue.
const FIRST_S = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 60, 120];
const DURATION_S = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600];
const WAIT_S = [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 40, 60];

const BY_PLACE = ['model', 'backend'];

/** What is counted when a request has ended. Its labels are aliases and servers of the configuration, never what a client made up. */
export class RequestMetrics {
  readonly #requests = new Counter({
    name: 'hxllm_requests_total',
    help: 'Requests that have ended, by alias, server, HTTP status and how they ended.',
    labelNames: [...BY_PLACE, 'status', 'ended'],
  });
  readonly #attempts = new Counter({
    name: 'hxllm_attempts_total',
    help: 'Dispatches to servers; more than requests where one took the place of another.',
    labelNames: ['model'],
  });
  readonly #prompt = new Counter({
    name: 'hxllm_prompt_tokens_total',
    help: 'Tokens of prompts, as servers counted them.',
    labelNames: BY_PLACE,
  });
  readonly #completion = new Counter({
    name: 'hxllm_completion_tokens_total',
    help: 'Tokens of answers, as servers counted them.',
    labelNames: BY_PLACE,
  });
  readonly #first = new Histogram(
    {
      name: 'hxllm_time_to_first_token_seconds',
      help: "From a request's arrival to the first piece of its answer from a server.",
      labelNames: BY_PLACE,
    },
    FIRST_S,
  );
  readonly #duration = new Histogram(
    {
      name: 'hxllm_request_duration_seconds',
      help: 'From the arrival of an answered request to the end of its answer.',
      labelNames: BY_PLACE,
    },
    DURATION_S,
  );
  readonly #wait = new Histogram(
    {
      name: 'hxllm_queue_wait_seconds',
      help: 'Time that a dispatched request had waited for a place.',
      labelNames: ['model'],
    },
    WAIT_S,
  );

  readonly metrics: readonly Metric[] = [
    this.#requests,
    this.#attempts,
    this.#prompt,
    this.#completion,
    this.#first,
    this.#duration,
    this.#wait,
  ];

  /** Counts a request that `backend` answered, if one did; `isModel` tells the aliases that there are. */
  count(line: AccessLogLine, backend: string, isModel: (alias: string) => boolean): void {
    const { alias, status, ended } = line;
    const model = alias !== undefined && isModel(alias) ? alias : '';
    const place = [model, backend];
    this.#requests.add(1, [model, backend, status === undefined ? '' : String(status), ended]);
    if (line.attempts === undefined) return;
    this.#attempts.add(line.attempts, [model]);
    this.#wait.observe((line.queue_ms ?? 0) / 1000, [model]);
    if (line.ttft_ms !== undefined) this.#first.observe(line.ttft_ms / 1000, place);
    if (ended === 'answered' && line.total_ms !== undefined) this.#duration.observe(line.total_ms / 1000, place);
    if (line.prompt_tokens !== undefined) this.#prompt.add(line.prompt_tokens, place);
    if (line.completion_tokens !== undefined) this.#completion.add(line.completion_tokens, place);
  }
}
