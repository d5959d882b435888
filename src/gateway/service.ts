import { setImmediate } from 'node:timers/promises';
import type { BackendConfig, GatewayConfig } from '../schema/gateway-config.ts';
import { expandWildcards, wildcardOf } from '../schema/wildcard.ts';
import type { Log } from './log.ts';
import type { StoredKeys } from './keys/stored-keys.ts';
import type { CurrentConfig } from './current-config.ts';
import { KeptBudgets } from './kept-budgets.ts';
import type { KeptUsage } from './kept-usage.ts';
import { lookupsOf, type Lookups } from './model-names.ts';
import { createFleet } from './route/reconfigure.ts';
import type { Policy } from './route/policy.ts';
import { routeTraceOf } from './route-trace.ts';
import { BackendDrains } from './scheduler/backend-drains.ts';
import { ContextGrowth } from './scheduler/context-growth.ts';
import { recordsDocument, recordsIn } from './scheduler/context-record.ts';
import { fleetSpecOf, policyOf, policySettingsOf } from './scheduler/fleet-spec.ts';
import { Loader } from './scheduler/loader.ts';
import { ModelLister } from './scheduler/model-lister.ts';
import { Poller } from './scheduler/poller.ts';
import { Prober } from './scheduler/prober.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { readDrained, writeDrained } from './state/drain-file.ts';
import { StateFile } from './state/state-file.ts';
import { providerOf } from './upstream/providers.ts';
import { Upstream } from './upstream/upstream.ts';
import type { ServiceListener } from './service-listener.ts';

/** Everything that one configuration makes. A request keeps the service it began with. */
export interface Service extends Lookups {
  readonly config: GatewayConfig;
  /** When the gateway started, in seconds since 1970. */
  readonly since: number;
  /** Whether a pattern serves this name from a server that has never said which models it has. */
  isUnlisted(name: string): boolean;
  /** The current service, after a new list of the models behind wildcards, if there are any. */
  lookedAgain(): Promise<Service>;
  readonly scheduler: Scheduler;
  readonly upstream: Upstream;
  readonly growth: ContextGrowth;
  readonly backendDrains: BackendDrains;
  readonly keptBudgets: KeptBudgets;
  readonly usage: KeptUsage | undefined;
  load(replica: string, deployment: string): void;
  /**
   * Makes the service of another configuration; it keeps what this one knows about backends that stay. Other requests are served between
   * the steps, and go by the old configuration until the last one. `undefined`: the gateway has stopped meanwhile.
   */
  replacedBy(config: GatewayConfig): Promise<Service | undefined>;
  /** `isReplaced`: another process serves. */
  close(isReplaced?: boolean): Promise<void>;
}

/** Makes a service, and starts to poll its backends. */
export function createService(
  first: GatewayConfig,
  log: Log,
  { onLoaded, onContext, onReplaced, onForeignLoad, onBackendDown, onListed }: ServiceListener<Service>,
  stored?: StoredKeys,
  usage?: KeptUsage,
): Service {
  const since = Math.floor(Date.now() / 1000);
  const now = performance.now.bind(performance);
  let current: CurrentConfig = { written: first, config: first, upstream: new Upstream(first) };
  let isClosed = false;
  const backendOf = (url: string): BackendConfig | undefined => current.upstream.backend(url);

  const { contexts } = current.upstream;
  const file = new StateFile(first.stateDir, 'contexts.json', log);
  const trace = routeTraceOf(process.env, log);
  const policyNow = (config: GatewayConfig): Policy => {
    trace?.use(policySettingsOf(config));
    return policyOf(config, trace?.random);
  };
  const scheduler = new Scheduler(createFleet({ backends: [], deployments: [] }), policyNow(first), now, trace);
  const growth = new ContextGrowth(
    {
      current: () => current,
      scheduler,
      contexts,
      now,
      log,
      onChange: onContext,
      onRecords: (records) => file.save(recordsDocument(records)),
    },
    file.load(recordsIn) ?? [],
  );
  const backendDrains = new BackendDrains({
    fleet: scheduler.fleet,
    read: () => readDrained(first.stateDir, log),
    write: (drained) => writeDrained(first.stateDir, drained),
    onChange: () => {
      scheduler.reconfigure(fleetSpecOf(current.config, contexts, backendDrains), policyNow(current.config));
    },
  });
  scheduler.reconfigure(fleetSpecOf(first, contexts, backendDrains), policyNow(first));
  const keptBudgets = new KeptBudgets(first.stateDir, log, usage, () => current.config);
  const prober = new Prober({
    probe: async (url) => {
      const backend = backendOf(url);
      return backend === undefined ? 'unreachable' : current.upstream.probe(backend);
    },
    now,
    onResult: (backend, alive) => {
      scheduler.probed(backend, alive);
    },
  });
  const poller = new Poller({
    backends: () =>
      current.config.backends.filter((backend) => providerOf(backend).memory !== undefined).map(({ url }) => url),
    isLoading: (url) => scheduler.isLoading(url),
    list: async (url) => {
      const backend = backendOf(url);
      return backend === undefined ? undefined : current.upstream.list(backend);
    },
    onListed: (backend, listing) => {
      scheduler.listed(backend, listing);
      onListed(backend, listing);
    },
  });
  const loader = new Loader({
    now: () => current,
    log,
    onForeignLoad,
    hasGoneBack: (deployment, failure) => growth.loaded(deployment, failure),
    onLoaded: (replica, result, failure) => {
      const known = scheduler.fleet.replicas.get(replica);
      if (known !== undefined) onLoaded(known, result);
      scheduler.loaded(replica, result, failure);
      poller.pollNow();
    },
  });
  const lister = new ModelLister({
    servers: () => [...new Set(current.written.wildcards.flatMap(({ filled }) => filled.map(({ url }) => url)))],
    list: async (url) => {
      const backend = backendOf(url);
      if (backend === undefined || scheduler.fleet.backends.get(url)?.circuit.state === 'open') return undefined;
      const { query, read } = providerOf(backend).models;
      const answer = await current.upstream.query(backend, query);
      return answer === undefined ? undefined : read(answer);
    },
    onFound: async () => {
      const replaced = await replaceBy(() => current.written);
      if (replaced !== undefined) onReplaced(replaced);
    },
    now,
  });
  scheduler.connect({
    onDown: (backend, nextProbeMs, isNew) => {
      if (isNew) {
        log({ event: 'backend-down', backend });
        onBackendDown(backend);
      }
      prober.schedule(backend, nextProbeMs);
    },
    onUp: (backend, wasDown) => {
      if (wasDown) log({ event: 'backend-up', backend });
      // It may have been restarted, without its models.
      poller.pollNow();
      void lister.lookNow();
    },
    onDoubt: (backend) => {
      prober.confirm(backend);
    },
    onLoad: loader.load.bind(loader),
    onUnload: loader.unload.bind(loader),
    onTest: (replica, deployment) => {
      void loader.test(deployment, () => {
        scheduler.tested(replica);
      });
    },
  });

  const serviceOf = ({ config, upstream }: CurrentConfig, lookups: Lookups): Service => ({
    config,
    since,
    ...lookups,
    isUnlisted: (name) =>
      wildcardOf(name, config.wildcards)?.wildcard.filled.some(({ url }) => !lister.found.has(url)) ?? false,
    lookedAgain: async () => {
      await lister.look();
      return latest;
    },
    scheduler,
    upstream,
    growth,
    backendDrains,
    keptBudgets,
    usage,
    load: loader.load.bind(loader),
    replacedBy: async (next) => {
      const replaced = await replaceBy(() => next);
      void lister.lookNow();
      return replaced;
    },
    close: async (isReplaced = false) => {
      isClosed = true;
      prober.close();
      poller.close();
      lister.close();
      loader.close();
      growth.close();
      scheduler.close();
      await trace?.close();
      await file.flush();
      await keptBudgets.close(isReplaced);
      await upstream.close();
    },
  });
  // The file and the lists of models change one after the other: each begins with what the one before it left.
  let replacing: Promise<unknown> = Promise.resolve();
  const replaceBy = (writtenNow: () => GatewayConfig): Promise<Service | undefined> => {
    const replaced = replacing.then(() => replace(writtenNow()));
    replacing = replaced.catch(() => {});
    return replaced;
  };
  // Each step has a turn of its own: all together take 0.1 s for 20,000 deployments. Until the last step nothing has changed.
  const replace = async (written: GatewayConfig): Promise<Service | undefined> => {
    const config = expandWildcards(written, lister.found);
    await setImmediate();
    const upstream = new Upstream(config, current.upstream);
    await setImmediate();
    const spec = fleetSpecOf(config, contexts, backendDrains);
    await setImmediate();
    const lookups = lookupsOf(config, latest.limiter, stored);
    await setImmediate();
    if (isClosed) return undefined;
    // Before the scheduler, which may ask for a load at once: the load is to follow the new file.
    current = { written, config, upstream };
    upstream.takeOver(config);
    loader.learn(config);
    // A context may have grown meanwhile, or a backend may have been drained.
    const isSame =
      contexts.isEmpty && spec.backends.every(({ url, drained = false }) => backendDrains.has(url) === drained);
    scheduler.reconfigure(isSame ? spec : fleetSpecOf(config, contexts, backendDrains), policyNow(config));
    loader.forget((id) => scheduler.fleet.deployments.has(id));
    latest = serviceOf(current, lookups);
    return latest;
  };
  let latest = serviceOf(current, lookupsOf(first, undefined, stored));
  loader.learn(first);
  poller.pollNow();
  void lister.look();
  void growth.checkRecords();
  return latest;
}
