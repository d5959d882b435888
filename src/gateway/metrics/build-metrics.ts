import { Counter, gauge, type Metric, type Sample } from './metric.ts';

const one = (value: number): readonly Sample[] => [{ labels: [], value }];

/** Metrics of the program and of its configuration, under the names that Prometheus itself has for a configuration. */
export class BuildMetrics {
  readonly #reloads = new Counter({
    name: 'hxllm_reloads_total',
    help: 'Reloads of the configuration, by result.',
    labelNames: ['result'],
  });
  #isGood = true;
  #goodS: number;
  readonly metrics: readonly Metric[];

  /** `version` of the release; `undefined` in the repository. `nowMs` is since 1970. */
  constructor(version: string | undefined, nowMs: number) {
    this.#goodS = nowMs / 1000;
    this.metrics = [
      gauge({ name: 'hxllm_build_info', help: 'The version of the gateway.', labelNames: ['version'] }, () => [
        { labels: [version ?? 'unreleased'], value: 1 },
      ]),
      this.#reloads,
      gauge(
        {
          name: 'hxllm_config_last_reload_successful',
          help: 'Whether the last reload of the configuration was not refused; 1 before the first one.',
          labelNames: [],
        },
        () => one(this.#isGood ? 1 : 0),
      ),
      gauge(
        {
          name: 'hxllm_config_last_reload_success_timestamp_seconds',
          help: 'When the configuration in use was read, since 1970.',
          labelNames: [],
        },
        () => one(this.#goodS),
      ),
    ];
  }

  /** The configuration was read again. */
  reloaded(result: 'done' | 'refused', nowMs: number): void {
    this.#reloads.add(1, [result]);
    this.#isGood = result === 'done';
    if (this.#isGood) this.#goodS = nowMs / 1000;
  }
}
