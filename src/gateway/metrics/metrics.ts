import type { AttemptResult } from '../route/event.ts';
import type { Fleet } from '../route/fleet.ts';
import type { Replica } from '../route/replica.ts';
import type { AccessLogLine } from '../usage/access-log.ts';
import { exposition } from './exposition.ts';
import { fleetMetrics } from './fleet-metrics.ts';
import { Counter, gauge } from './metric.ts';
import { createProcessMetrics } from './process-metrics.ts';
import { routingMetrics } from './routing-metrics.ts';
import { RequestMetrics, type RequestLabels } from './request-metrics.ts';

/** The state that gauges read at each scrape. */
export interface MetricsSource {
  readonly fleet: () => Fleet;
  readonly contexts: () => readonly ContextState[];
  readonly openConnections: () => number;
  /** The last moment of the certificate that clients get, ms since 1970; `undefined` without TLS. */
  readonly certificateEndsMs?: () => number | undefined;
  /** The id of this instance, if it has one. */
  readonly instance?: string | undefined;
}

/** The context of a model on a server, if it has grown, in tokens. */
interface ContextState {
  readonly backend: string;
  readonly model: string;
  readonly context: number | undefined;
}

/** All metrics of a gateway. */
export interface Metrics {
  /** A request has ended. */
  ended(line: AccessLogLine, labels?: RequestLabels): void;
  /** A load has ended. */
  loaded(replica: Pick<Replica, 'backend' | 'model' | 'load'>, result: AttemptResult): void;
  /** A context has grown, or has gone back since its server could not hold it. */
  contextChanged(change: { readonly backend: string; readonly model: string; readonly result: string }): void;
  /** The configuration was read again. */
  reloaded(result: 'done' | 'refused'): void;
  /** In Prometheus' text format. */
  text(): string;
  close(): void;
}

/** Makes the metrics of a gateway, and starts to measure. */
export function createMetrics({
  fleet,
  contexts,
  openConnections,
  instance,
  certificateEndsMs,
}: MetricsSource): Metrics {
  const requests = new RequestMetrics();
  const reloads = new Counter({
    name: 'hxllm_reloads_total',
    help: 'Reloads of the configuration, by result.',
    labelNames: ['result'],
  });
  const loads = new Counter({
    name: 'hxllm_loads_total',
    help: 'Loads that the gateway has started, by reason and result; also loads that found the model in memory.',
    labelNames: ['backend', 'server_model', 'reason', 'result'],
  });
  const growths = new Counter({
    name: 'hxllm_context_grown_total',
    help: 'Longer contexts that the gateway has made for prompts that did not fit, by result: grown, spilled out of VRAM, or not-loaded.',
    labelNames: ['backend', 'server_model', 'result'],
  });
  const grown = gauge(
    {
      name: 'hxllm_context_grown_tokens',
      help: 'The context of a model that has grown, in tokens; absent if it has the context of its server.',
      labelNames: ['backend', 'server_model'],
    },
    () =>
      contexts().flatMap(({ backend, model, context }) =>
        context === undefined ? [] : [{ labels: [backend, model], value: context }],
      ),
  );
  const connections = gauge(
    { name: 'hxllm_client_connections', help: 'Open connections of clients.', labelNames: [] },
    () => [{ labels: [], value: openConnections() }],
  );
  // Not `instance`: Prometheus gives that label to each target.
  const info = gauge(
    { name: 'hxllm_instance_info', help: 'The instance of the gateway that answers.', labelNames: ['id'] },
    () => [{ labels: [instance ?? ''], value: 1 }],
  );
  const certificate = gauge(
    {
      name: 'hxllm_certificate_not_after_timestamp_seconds',
      help: 'The last moment of the certificate that clients get; absent without TLS.',
      labelNames: [],
    },
    () => {
      const endsMs = certificateEndsMs?.();
      return endsMs === undefined ? [] : [{ labels: [], value: endsMs / 1000 }];
    },
  );
  const own = createProcessMetrics();
  const all = [
    ...requests.metrics,
    ...fleetMetrics(fleet),
    ...routingMetrics(fleet),
    loads,
    growths,
    grown,
    connections,
    certificate,
    reloads,
    ...(instance === undefined ? [] : [info]),
    ...own.metrics,
  ];
  return {
    ended: (line, labels) => {
      requests.count(line, labels);
    },
    loaded: ({ backend, model, load }, result) => {
      loads.add(1, [backend, model, load?.reason ?? '', result === 'answered' ? 'done' : 'failed']);
    },
    contextChanged: ({ backend, model, result }) => {
      growths.add(1, [backend, model, result]);
    },
    reloaded: (result) => {
      reloads.add(1, [result]);
    },
    text: () => exposition(all),
    close: () => {
      own.close();
    },
  };
}
