import type { ClientKey } from '../keys/client-key.ts';
import type { UsedRatios } from '../limits/used-ratios.ts';
import type { AccessLogLine } from '../usage/access-log.ts';
import { KeyLabelSet, type KeyLabels } from './key-labels.ts';
import { Counter, gauge, keyOf, type Metric, type Sample } from './metric.ts';

/** The state that the metrics of keys read. */
export interface KeyMetricsSource {
  /** Keys with series of their own. */
  readonly mostKeys: () => number;
  readonly ratiosOf: (key: ClientKey) => UsedRatios;
  /** Whether a key still exists under its name. */
  readonly keyExists: (key: ClientKey) => boolean;
}

/** The key of a request, and the limit that refused it. */
export interface CountedKey {
  readonly key: ClientKey;
  readonly team: string | undefined;
  readonly limitedBy: string | undefined;
}

const BY_KEY = ['key', 'team'];

/**
 * Counts requests by their key and team. Series are bounded: all keys beyond the limit are counted as one, which has each kind of series from
 * the start, so that more keys never make more series.
 */
export class KeyMetrics {
  readonly #labels: KeyLabelSet;
  readonly #ratiosOf: KeyMetricsSource['ratiosOf'];
  readonly #requests = new Counter({
    name: 'hxllm_key_requests_total',
    help: 'Requests that have ended, by the key of the client, its team and HTTP status.',
    labelNames: [...BY_KEY, 'status'],
  });
  readonly #tokens = new Counter({
    name: 'hxllm_key_tokens_total',
    help: 'Tokens by the key of the client, its team and type: prompt or completion.',
    labelNames: [...BY_KEY, 'type'],
  });
  readonly #limited = new Counter({
    name: 'hxllm_limited_total',
    help: 'Requests that a limit has refused, by the key of the client and kind: requests, tokens, parallel or budget.',
    labelNames: ['key', 'kind'],
  });
  readonly metrics: readonly Metric[];

  constructor({ mostKeys, ratiosOf, keyExists }: KeyMetricsSource) {
    const onForget = (names: ReadonlySet<string>): void => {
      const isKept = (label: string, value: string): boolean => label !== 'key' || !names.has(value);
      for (const counter of [this.#requests, this.#tokens, this.#limited]) counter.forget(isKept);
    };
    this.#labels = new KeyLabelSet({ mostKeys, exists: keyExists, onForget });
    this.#ratiosOf = ratiosOf;
    this.metrics = [
      this.#requests,
      this.#tokens,
      this.#limited,
      gauge(
        {
          name: 'hxllm_key_limit_ratio',
          help: 'The used part of a limit of a key, from 0 to 1, by kind: requests or tokens of the last minute, parallel.',
          labelNames: ['key', 'kind'],
        },
        () => this.#limitRatios(),
      ),
      gauge(
        {
          name: 'hxllm_budget_used_ratio',
          help: 'The spent part of a budget in its period, by scope (key, team or user) and name; of two budgets the larger part.',
          labelNames: ['scope', 'name'],
        },
        () => this.#budgetRatios(),
      ),
      gauge(
        {
          name: 'hxllm_metrics_keys_over_limit',
          help: 'Whether keys beyond hxllm.metrics_max_keys are counted together, as other.',
          labelNames: [],
        },
        () => [{ labels: [], value: this.#labels.isFull ? 1 : 0 }],
      ),
    ];
  }

  /** Counts a request of a client's key. */
  count({ status, prompt_tokens, completion_tokens }: AccessLogLine, { key, team, limitedBy }: CountedKey): void {
    const known = this.#labels.of(key, team);
    this.#add(this.#requests, known, String(status ?? ''), 1);
    this.#add(this.#tokens, known, 'prompt', prompt_tokens ?? 0);
    this.#add(this.#tokens, known, 'completion', completion_tokens ?? 0);
    if (limitedBy === undefined) return;
    this.#limited.add(1, [known.labels[0], limitedBy]);
    this.#limited.add(0, [this.#labels.other.labels[0], limitedBy]);
  }

  #add(counter: Counter, { labels, longer }: KeyLabels, last: string, value: number): void {
    const known = longer.get(last);
    if (known !== undefined) {
      counter.add(value, known.labels, known.key);
      return;
    }
    const all = [...labels, last];
    longer.set(last, { labels: all, key: keyOf(all) });
    counter.add(value, all);
    counter.add(0, [...this.#labels.other.labels, last]);
  }

  *#limitRatios(): Generator<Sample> {
    for (const key of this.#labels.own())
      for (const [kind, value] of this.#ratiosOf(key).limits) yield { labels: [key.alias, kind], value };
  }

  #budgetRatios(): Iterable<Sample> {
    const samples = new Map<string, Sample>();
    for (const key of this.#labels.own())
      for (const { scope, name, ratio } of this.#ratiosOf(key).budgets)
        samples.set(`${scope}\0${name}`, { labels: [scope, name], value: ratio });
    return samples.values();
  }
}
