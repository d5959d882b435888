import type { GatewayConfig } from '../../schema/gateway-config.ts';
import type { RequestContext } from '../request-context.ts';
import type { AttemptResult } from '../route/event.ts';
import type { Fleet } from '../route/fleet.ts';
import type { Replica } from '../route/replica.ts';
import type { AccessLogLine } from '../usage/access-log.ts';
import type { Listing } from '../route/residency.ts';
import { aliasMetrics } from './alias-metrics.ts';
import { BackendMetrics } from './backend-metrics.ts';
import { BuildMetrics } from './build-metrics.ts';
import { expositionParts } from './exposition.ts';
import { fleetMetrics } from './fleet-metrics.ts';
import { inFlightMetrics } from './in-flight-metrics.ts';
import { KeyMetrics, type KeyMetricsSource } from './key-metrics.ts';
import { keptSeries } from './kept-series.ts';
import { Counter, gauge, type Metric } from './metric.ts';
import { createProcessMetrics } from './process-metrics.ts';
import { routingMetrics } from './routing-metrics.ts';
import { StoreMetrics } from './store-metrics.ts';
import { RequestMetrics } from './request-metrics.ts';
import { TimingMetrics } from './timing-metrics.ts';
import { usageMetrics, type UsageFigures } from './usage-metrics.ts';

/** The state that gauges read at each scrape. */
export interface MetricsSource extends KeyMetricsSource {
  readonly fleet: () => Fleet;
  readonly config: () => Pick<GatewayConfig, 'groups' | 'queue'>;
  /** The names of the current configuration. */
  readonly names: () => Pick<RequestContext['service'], 'models' | 'groupOf'>;
  readonly contexts: () => readonly ContextState[];
  readonly openConnections: () => number;
  /** The journals of usage; `undefined` if there are none. */
  readonly usage?: () => UsageFigures | undefined;
  /** The requests under way. */
  readonly requests: () => Iterable<RequestContext>;
  /** The release; `undefined` in the repository. */
  readonly version?: string | undefined;
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
  /** A request has ended; `context` is missing if it could not be parsed. */
  ended(line: AccessLogLine, context?: RequestContext): void;
  /** A load has ended. */
  loaded(replica: Pick<Replica, 'backend' | 'model' | 'load'>, result: AttemptResult): void;
  /** A context has grown, or has gone back since its server could not hold it. */
  contextChanged(change: { readonly backend: string; readonly model: string; readonly result: string }): void;
  /** A backend is out of use after a failure. */
  backendOpened(backend: string): void;
  /** A backend has listed the models in its memory. */
  backendListed(backend: string, listing: Listing): void;
  /** The configuration was read again; the series of what it has no more are forgotten. */
  reloaded(result: 'done' | 'refused'): void;
  /** A call of the database has ended. */
  storeAnswered(call: string, tookMs: number): void;
  /** In Prometheus' text format, in parts between which time may pass. */
  parts(): Iterable<string>;
  close(): void;
}

/** Makes the metrics of a gateway, and starts to measure. */
export function createMetrics({
  fleet,
  config,
  names,
  contexts,
  openConnections,
  requests: requestsNow,
  instance,
  version,
  certificateEndsMs,
  mostKeys,
  ratiosOf,
  keyExists,
  usage = () => undefined,
}: MetricsSource): Metrics {
  const requests = new RequestMetrics();
  const timings = new TimingMetrics();
  const keys = new KeyMetrics({ mostKeys, ratiosOf, keyExists });
  const store = new StoreMetrics();
  const backends = new BackendMetrics(fleet);
  const build = new BuildMetrics(version, Date.now());
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
  const all: readonly Metric[] = [
    ...requests.metrics,
    ...timings.metrics,
    ...keys.metrics,
    ...inFlightMetrics(requestsNow),
    ...fleetMetrics(fleet),
    ...aliasMetrics(fleet, config),
    ...backends.metrics,
    ...routingMetrics(fleet),
    loads,
    growths,
    grown,
    connections,
    certificate,
    ...usageMetrics(usage),
    ...store.metrics,
    ...build.metrics,
    ...(instance === undefined ? [] : [info]),
    ...own.metrics,
  ];
  return {
    ended: (line, context) => {
      if (context === undefined) return requests.count(line);
      const { key, service, record } = context;
      const { alias = '', server: backend = '' } = record;
      const model = modelLabel(service, alias);
      requests.count(line, { model, backend });
      timings.count(line, record, model, backend);
      if (key !== undefined) {
        const { limitedBy } = record;
        keys.count(line, { key, team: service.keys.teamOf(key)?.alias, limitedBy });
      }
      return undefined;
    },
    loaded: ({ backend, model, load }, result) => {
      loads.add(1, [backend, model, load?.reason ?? '', result === 'answered' ? 'done' : 'failed']);
    },
    contextChanged: ({ backend, model, result }) => {
      growths.add(1, [backend, model, result]);
    },
    backendOpened: (backend) => {
      backends.opened(backend);
    },
    backendListed: (backend, listing) => {
      backends.listed(backend, listing);
    },
    reloaded: (result) => {
      build.reloaded(result, Date.now());
      if (result === 'refused') return;
      const isKept = keptSeries(fleet(), (name) => modelLabel(names(), name) === name);
      for (const metric of all) metric.forget?.(isKept);
      requests.forgetLabels();
      backends.prune();
    },
    storeAnswered: (call, tookMs) => {
      store.answered(call, tookMs);
    },
    parts: () => expositionParts(all),
    close: () => {
      own.close();
    },
  };
}

/** An alias of the configuration: an unknown name would make a new time series. */
function modelLabel(service: ReturnType<MetricsSource['names']>, alias: string): string {
  return service.models.has(alias) ? alias : (service.groupOf(alias)?.name ?? '');
}
