import { createServer, type Server as NetServer } from 'node:net';
import type { Result } from '../core/problem.ts';
import type { GatewayConfig, ListenAddress } from '../schema/gateway-config.ts';
import { createApp } from './app.ts';
import { usedRatios } from './limits/used-ratios.ts';
import type { ConnectionCounts } from './http/connections.ts';
import { listen, type Listening } from './http/listen.ts';
import { KeptUsage } from './kept-usage.ts';
import { KeyRecords } from './key-records.ts';
import { keptFileKeys } from './kept-file-keys.ts';
import type { Log } from './log.ts';
import type { Lease } from './route/fleet.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { createGatewayServer } from './server.ts';
import type { ConnectionLimits } from './http/connection-limits.ts';
import { beginTls, type GatewayTls } from './gateway-tls.ts';
import { createService, type Service } from './service.ts';
import type { ServiceListener } from './service-listener.ts';

/** A gateway; it listens after `listen`. */
export interface Gateway {
  /** The service of the current configuration. */
  readonly service: () => Service;
  readonly metrics: Metrics;
  /** Notes that a reload is under way until its end, which it returns. */
  whileReloading<T>(reload: Promise<T>): Promise<T>;
  /** Uses another configuration, from the next request after it on; `false` if the gateway has stopped meanwhile. */
  reload(config: GatewayConfig): Promise<boolean>;
  /** Starts to listen, and returns the addresses. With `hxllm.tls` its files are read, and watched from then on. */
  listen(listening: Listening): Promise<Result<readonly ListenAddress[]>>;
  /** The TLS of a gateway that listens; `undefined`: it speaks plain HTTP. */
  readonly tls: () => GatewayTls | undefined;
  /** A server that is not listening yet; its connections are served as those of clients are. */
  privateListener(): NetServer;
  /**
   * Takes no new connections, lets running responses go on for `limitMs`, then cuts them; resolves when all connections are closed.
   * `isPatient`: as in {@link Connections.drain}.
   */
  stop(limitMs: number, atOnce: AbortSignal, isPatient?: boolean): Promise<{ readonly cut: number }>;
  readonly counts: () => ConnectionCounts;
  /** The slots that its requests have. */
  leases(): readonly Lease[];
  /** Sets the way of loads whose deployment only another instance knows: `false` if none does. */
  onForeignLoad(load: (replica: string, deployment: string) => boolean): void;
}

/**
 * Makes a gateway for a configuration; `limits` replace the default limits of connections, `instance` is its id among others, `records` are
 * the keys that the API makes, `version` is its release.
 */
export function createGateway(
  config: GatewayConfig,
  log: Log,
  limits?: Partial<ConnectionLimits>,
  instance?: string,
  records = new KeyRecords(undefined, log),
  version?: string,
): Gateway {
  let foreignLoad: (replica: string, deployment: string) => boolean = () => false;
  // A reload replaces it; requests keep the service they began with.
  const listener: ServiceListener<Service> = {
    onLoaded: (replica, how) => {
      metrics.loaded(replica, how);
    },
    onContext: (change) => {
      metrics.contextChanged(change);
    },
    onReplaced: (next) => {
      current = next;
    },
    onForeignLoad: (replica, deployment) => foreignLoad(replica, deployment),
    onBackendDown: (backend) => {
      metrics.backendOpened(backend);
    },
    onListed: (backend, listing) => {
      metrics.backendListed(backend, listing);
    },
  };
  // Without a state folder requests do not ask for it.
  const usage =
    config.stateDir === undefined
      ? undefined
      : new KeptUsage(config.stateDir, () => current.config.usage, records, log);
  if (usage !== undefined)
    usage.onSpent = (amounts) => {
      current.keptBudgets.budgets.adopt(amounts);
    };
  records.keys.fileKeys = keptFileKeys(config.stateDir, log);
  let current = createService(config, log, listener, records.keys, usage);
  const service = (): Service => current;
  const metrics = createMetrics({
    fleet: () => current.scheduler.fleet,
    config: () => current.config,
    names: service,
    contexts: () => current.growth.records,
    openConnections: () => connections.open,
    certificateEndsMs: () => tls?.endsMs(),
    requests: () => connections.contexts(),
    usage: () => usage?.state,
    mostKeys: () => current.config.mostMetricKeys,
    keyExists: (key) => current.keys.exists(key),
    ratiosOf: (key) => {
      const { keys, limiter, keptBudgets } = current;
      const used = { limiter, budgets: keptBudgets.budgets };
      return usedRatios(keys.ownersOf(key).owners, used, performance.now(), Date.now());
    },
    instance,
    version,
  });
  records.onAnswer = (call, tookMs) => {
    metrics.storeAnswered(call, tookMs);
  };
  let reloading: Promise<unknown> | undefined;
  const whileReloading = async <T>(reload: Promise<T>): Promise<T> => {
    reloading = reload;
    try {
      return await reload;
    } finally {
      reloading = undefined;
    }
  };
  const readiness = { isStopping: () => connections.stopping, reloading: () => reloading };
  const app = createApp({ readiness, metrics, admin: { records, log } });
  const { server, connections } = createGatewayServer(app, service, log, metrics, limits);
  let listeners: readonly NetServer[] = [];
  let tls: GatewayTls | undefined;
  const begin = async (listening: Listening): Promise<Result<readonly ListenAddress[]>> => {
    const begunTls = await beginTls(current.config.tls, { server, connections, log, limits });
    if (!begunTls.ok) return begunTls;
    tls = begunTls.value;
    await usage?.begin();
    current.keptBudgets.read();
    const begun = await listen(server, listening, tls?.open);
    if (!begun.ok) return begun;
    listeners = begun.value.listeners;
    return { ok: true, value: begun.value.addresses };
  };
  const stop = async (limitMs: number, atOnce: AbortSignal, isPatient = false): Promise<{ readonly cut: number }> => {
    tls?.close();
    for (const door of listeners) door.close();
    const drained = await connections.drain(limitMs, atOnce, isPatient);
    metrics.close();
    await current.close(isPatient);
    await usage?.close(atOnce);
    await records.keys.fileKeys?.flush();
    await records.close();
    return drained;
  };
  const reload = async (next: GatewayConfig): Promise<boolean> => {
    const replaced = await current.replacedBy(next);
    if (replaced !== undefined) current = replaced;
    return replaced !== undefined;
  };
  const privateListener = (): NetServer => createServer((socket) => server.emit('connection', socket));
  const counts = (): ConnectionCounts => connections.counts;
  const leases = (): readonly Lease[] =>
    [...connections.contexts()].flatMap(({ response }) => response?.leases() ?? []);
  const onForeignLoad = (load: typeof foreignLoad): void => {
    foreignLoad = load;
  };
  const parts = {
    service,
    metrics,
    whileReloading,
    reload,
    listen: begin,
    tls: () => tls,
    privateListener,
    stop,
    counts,
  };
  return { ...parts, leases, onForeignLoad };
}
