import type { AccessLogLine } from '../usage/access-log.ts';
import { Histogram } from './histogram.ts';
import { Counter, keyOf, type Metric } from './metric.ts';

// From a small model with a free slot to a load and a long queue.
const FIRST_S = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 60, 120];
const DURATION_S = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600];
const WAIT_S = [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 40, 60];

const BY_BACKEND = ['model', 'backend'];

/** The labels of a request that its line does not have as they are. */
export interface RequestLabels {
  /** The alias, if the configuration has it: an unknown name would make a new time series. */
  readonly model?: string | undefined;
  /** The last backend that was tried. */
  readonly backend?: string | undefined;
}

interface KeyedLabels {
  readonly labels: readonly string[];
  readonly key: string;
}

/** The labels of an alias and a backend with their keys: joined anew for eight metrics they take 1 µs. */
interface LabelSet {
  readonly both: KeyedLabels;
  readonly model: KeyedLabels;
  /** With status and end. */
  readonly ends: Map<string, KeyedLabels>;
}

function keyed(...labels: readonly string[]): KeyedLabels {
  return { labels, key: keyOf(labels) };
}

/** Counts requests that have ended. Label values are aliases and backends of the configuration, never a client's text. */
export class RequestMetrics {
  readonly #requests = new Counter({
    name: 'hxllm_requests_total',
    help: 'Requests that have ended, by alias, backend, HTTP status and end (label `ended`).',
    labelNames: [...BY_BACKEND, 'status', 'ended'],
  });
  readonly #attempts = new Counter({
    name: 'hxllm_attempts_total',
    help: 'Attempts on backends: retries, fallbacks and each choice of a request count.',
    labelNames: ['model'],
  });
  readonly #prompt = new Counter({
    name: 'hxllm_prompt_tokens_total',
    help: 'Tokens of prompts, as backends count them; estimated if a response ended before its backend reported them.',
    labelNames: BY_BACKEND,
  });
  readonly #completion = new Counter({
    name: 'hxllm_completion_tokens_total',
    help: 'Tokens of responses, as backends count them; counted in chunks if a response ended before its backend reported them.',
    labelNames: BY_BACKEND,
  });
  readonly #first = new Histogram(
    {
      name: 'hxllm_time_to_first_token_seconds',
      help: 'From the arrival of a request to the first content of its response.',
      labelNames: BY_BACKEND,
    },
    FIRST_S,
  );
  readonly #duration = new Histogram(
    {
      name: 'hxllm_request_duration_seconds',
      help: 'From the arrival of an answered request to the end of its response.',
      labelNames: BY_BACKEND,
    },
    DURATION_S,
  );
  readonly #wait = new Histogram(
    {
      name: 'hxllm_queue_wait_seconds',
      help: 'From the first request for a slot to the last slot, without loads; failed attempts in between count.',
      labelNames: ['model'],
    },
    WAIT_S,
  );

  readonly #previousKey = new Counter({
    name: 'hxllm_previous_key_requests_total',
    help: 'Requests with the master key before a rotation, probes and scrapes included: while it grows, a client still needs that key.',
    labelNames: [],
  });

  readonly metrics: readonly Metric[] = [
    this.#requests,
    this.#previousKey,
    this.#attempts,
    this.#prompt,
    this.#completion,
    this.#first,
    this.#duration,
    this.#wait,
  ];

  constructor() {
    // A counter that is missing could also mean that the gateway has no such metric.
    this.#previousKey.add(0, []);
  }

  /** By alias and backend. */
  readonly #labelSets = new Map<string, Map<string, LabelSet>>();

  /** Counts a request. */
  count(line: AccessLogLine, { model = '', backend = '' }: RequestLabels = {}): void {
    const { status, ended } = line;
    if (line.previous_key === true) this.#previousKey.add(1, []);
    const set = this.#labelSet(model, backend);
    const { labels, key } = set.both;
    const end = endIn(set, status === undefined ? '' : String(status), ended);
    this.#requests.add(1, end.labels, end.key);
    if (line.attempts === undefined) return;
    this.#attempts.add(line.attempts, set.model.labels, set.model.key);
    this.#wait.observe((line.queue_ms ?? 0) / 1000, set.model.labels, set.model.key);
    if (line.ttft_ms !== undefined) this.#first.observe(line.ttft_ms / 1000, labels, key);
    if (ended === 'answered' && line.total_ms !== undefined) this.#duration.observe(line.total_ms / 1000, labels, key);
    if (line.prompt_tokens !== undefined) this.#prompt.add(line.prompt_tokens, labels, key);
    if (line.completion_tokens !== undefined) this.#completion.add(line.completion_tokens, labels, key);
  }

  /** Forgets the labels of all series; those of the next requests are made anew. */
  forgetLabels(): void {
    this.#labelSets.clear();
  }

  #labelSet(model: string, backend: string): LabelSet {
    const known = this.#labelSets.get(model)?.get(backend);
    if (known !== undefined) return known;
    const sets = this.#labelSets.get(model) ?? new Map<string, LabelSet>();
    const set = { both: keyed(model, backend), model: keyed(model), ends: new Map<string, KeyedLabels>() };
    this.#labelSets.set(model, sets.set(backend, set));
    return set;
  }
}

function endIn({ both, ends }: LabelSet, status: string, ended: string): KeyedLabels {
  const name = `${status} ${ended}`;
  const known = ends.get(name);
  if (known !== undefined) return known;
  const labels = keyed(...both.labels, status, ended);
  ends.set(name, labels);
  return labels;
}
