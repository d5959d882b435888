import type { GatewayConfig, ModelGroup } from '../schema/gateway-config.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { Prober } from './scheduler/prober.ts';
import type { Log } from './log.ts';
import { limitQueue } from './route/admission.ts';
import type { AttemptResult } from './route/event.ts';
import { yieldToLoads } from './route/yield-to-load.ts';
import { createFleet, type FleetSpec } from './route/fleet.ts';
import { loadForWaiters } from './route/next-load.ts';
import type { Replica } from './route/replica.ts';
import { runnerKey } from './route/residency.ts';
import type { Policy } from './route/router.ts';
import { isSingleByName } from './route/single-slot.ts';
import { latencyBased } from './route/strategy/latency-based.ts';
import { leastBusy } from './route/strategy/least-busy.ts';
import { simpleShuffle } from './route/strategy/simple-shuffle.ts';
import type { Strategy } from './route/strategy/strategy.ts';
import { usageBased } from './route/strategy/usage-based.ts';
import { Loader } from './scheduler/loader.ts';
import { Poller } from './scheduler/poller.ts';
import { Upstream } from './upstream/upstream.ts';

const STRATEGIES: Readonly<Record<GatewayConfig['routing']['strategy'], Strategy>> = {
  'least-busy': leastBusy,
  'simple-shuffle': simpleShuffle,
  'latency-based-routing': latencyBased,
  'usage-based-routing': usageBased,
};

/** Everything that is made from one configuration. A request keeps the one it began with. */
export interface Service {
  readonly config: GatewayConfig;
  /** When it began to serve, in seconds since 1970. */
  readonly since: number;
  /** By every name that clients may ask for. */
  readonly models: ReadonlyMap<string, ModelGroup>;
  /** The groups that stand in for one, best first. */
  readonly fallbacks: (kind: 'failed' | 'too-long', group: ModelGroup) => readonly ModelGroup[];
  readonly scheduler: Scheduler;
  readonly upstream: Upstream;
  /** Makes the service of another configuration; it goes on with what this one knows about servers that stay. */
  replacedBy(config: GatewayConfig): Service;
  close(): Promise<void>;
}

/** Makes a service of a configuration; `onLoaded` is told how loads ended. From then on servers are asked what is in their memory. */
export function createService(
  first: GatewayConfig,
  log: Log,
  onLoaded: (replica: Replica, how: AttemptResult) => void = () => {},
): Service {
  const since = Math.floor(Date.now() / 1000);
  const now = (): number => performance.now();
  const probe = async (url: string): Promise<boolean> => {
    const { config, upstream } = latest;
    const backend = config.backends.find((known) => known.url === url);
    return backend !== undefined && (await upstream.probe(backend));
  };
  const prober = new Prober({
    probe,
    now,
    onResult: (backend, alive) => {
      scheduler.probed(backend, alive);
    },
  });
  const poller = new Poller({
    backends: () => latest.config.backends.filter(({ provider }) => provider === 'ollama').map(({ url }) => url),
    list: async (url) => {
      const backend = latest.config.backends.find((known) => known.url === url);
      return backend === undefined ? undefined : latest.upstream.list(backend);
    },
    onListed: (backend, listing) => {
      scheduler.listed(backend, listing);
    },
  });
  const loader = new Loader({
    now: () => latest,
    log,
    onLoaded: (replica, how, failure) => {
      const known = scheduler.fleet.replicas.get(replica);
      if (known !== undefined) onLoaded(known, how);
      scheduler.loaded(replica, how, failure);
      poller.look();
    },
  });
  const scheduler: Scheduler = new Scheduler(createFleet(planOf(first)), policyOf(first), now, {
    onDown: (backend, nextProbeMs, isNew) => {
      if (isNew) log({ event: 'backend-down', backend });
      prober.schedule(backend, nextProbeMs);
    },
    onUp: (backend) => {
      log({ event: 'backend-up', backend });
      poller.look();
    },
    onLoad: (replica, place) => {
      loader.load(replica, place);
    },
    onUnload: (backend, model) => {
      loader.unload(backend, model);
    },
  });
  const serve = (config: GatewayConfig, upstream: Upstream): Service => ({
    config,
    since,
    models: modelsOf(config),
    fallbacks: fallbacksOf(config),
    scheduler,
    upstream,
    replacedBy: (next) => {
      // First, since the plan may want something loaded at once: as the new file says.
      latest = serve(next, new Upstream(next, upstream));
      loader.learn(next);
      scheduler.reconfigure(planOf(next), policyOf(next));
      return latest;
    },
    close: async () => {
      prober.close();
      poller.close();
      scheduler.close();
      await upstream.close();
    },
  });
  let latest = serve(first, new Upstream(first));
  loader.learn(first);
  poller.look();
  return latest;
}

function planOf({ backends, groups }: GatewayConfig): FleetSpec {
  const deployments = groups.flatMap((group) => [...group.deployments]);
  return {
    backends: backends.map(({ url, provider, numParallel }) => ({
      url,
      managed: provider === 'ollama',
      slots: numParallel,
    })),
    deployments: deployments.map(({ id, url, weight, order, rpm, tpm, model, mode, options }) => ({
      id,
      backend: url,
      weight,
      order,
      rpm,
      tpm,
      model,
      runnerKey: runnerKey(options),
      single: mode === 'embedding' || isSingleByName(model),
    })),
  };
}

function policyOf({ routing: { strategy: name, allowedFails, cooldownMs }, queue }: GatewayConfig): Policy {
  const { random } = Math;
  const strategy = STRATEGIES[name];
  return {
    strategy,
    admit: limitQueue(queue.longest),
    nextLoad: loadForWaiters({ strategy, random }),
    yields: yieldToLoads,
    allowedFails,
    cooldownMs,
    random,
  };
}

function modelsOf({ groups, aliases }: GatewayConfig): ReadonlyMap<string, ModelGroup> {
  const models = new Map(groups.map((group): [string, ModelGroup] => [group.name, group]));
  for (const [alias, name] of aliases) {
    const group = models.get(name);
    if (group !== undefined && !models.has(alias)) models.set(alias, group);
  }
  return models;
}

function fallbacksOf({ groups, routing: { fallbacks, contextFallbacks } }: GatewayConfig): Service['fallbacks'] {
  return (kind, { name }) => {
    const names = (kind === 'failed' ? fallbacks : contextFallbacks).get(name) ?? [];
    return names.flatMap((other) => groups.find((group) => group.name === other) ?? []);
  };
}
