import type { Deployment, GatewayConfig, ModelGroup } from '../schema/gateway-config.ts';
import type { Log } from './log.ts';
import type { AttemptResult } from './route/event.ts';
import { createFleet } from './route/fleet.ts';
import type { Replica } from './route/replica.ts';
import { fleetSpecOf, policyOf } from './scheduler/fleet-spec.ts';
import { Loader } from './scheduler/loader.ts';
import { Poller } from './scheduler/poller.ts';
import { Prober } from './scheduler/prober.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { providerOf } from './upstream/providers.ts';
import { Upstream } from './upstream/upstream.ts';

/** Everything that one configuration makes. A request keeps the service it began with. */
export interface Service {
  readonly config: GatewayConfig;
  /** When the gateway started, in seconds since 1970. */
  readonly since: number;
  /** By every name that clients may ask for: aliases, and the names of their entries. */
  readonly models: ReadonlyMap<string, ModelGroup>;
  /** The names of `models` that lists show: aliases that are not hidden. */
  readonly listed: readonly string[];
  /** The fallback models of a model, best first. */
  readonly fallbacks: (kind: 'failed' | 'too-long', group: ModelGroup) => readonly ModelGroup[];
  readonly scheduler: Scheduler;
  readonly upstream: Upstream;
  /** Makes the service of another configuration; it keeps what this one knows about backends that stay. */
  replacedBy(config: GatewayConfig): Service;
  close(): Promise<void>;
}

/** The configuration of the moment, and the connections to its backends. */
interface Current {
  readonly config: GatewayConfig;
  readonly upstream: Upstream;
}

/** Makes a service, and starts to poll its backends. `onLoaded` is called when a load has ended. */
export function createService(
  first: GatewayConfig,
  log: Log,
  onLoaded: (replica: Replica, result: AttemptResult) => void = () => {},
): Service {
  const since = Math.floor(Date.now() / 1000);
  const now = performance.now.bind(performance);
  let current: Current = { config: first, upstream: new Upstream(first) };
  const backendOf = (url: string): GatewayConfig['backends'][number] | undefined =>
    current.config.backends.find((backend) => backend.url === url);

  const scheduler = new Scheduler(createFleet(fleetSpecOf(first)), policyOf(first), now);
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
    },
  });
  const loader = new Loader({
    now: () => current,
    log,
    onLoaded: (replica, result, failure) => {
      const known = scheduler.fleet.replicas.get(replica);
      if (known !== undefined) onLoaded(known, result);
      scheduler.loaded(replica, result, failure);
      poller.pollNow();
    },
  });
  scheduler.connect({
    onDown: (backend, nextProbeMs, isNew) => {
      if (isNew) log({ event: 'backend-down', backend });
      prober.schedule(backend, nextProbeMs);
    },
    onUp: (backend, wasDown) => {
      if (wasDown) log({ event: 'backend-up', backend });
      // It may have been restarted, without its models.
      poller.pollNow();
    },
    onDoubt: (backend) => {
      prober.confirm(backend);
    },
    onLoad: (replica, deployment) => {
      loader.load(replica, deployment);
    },
    onUnload: (backend, model) => {
      loader.unload(backend, model);
    },
  });

  const serviceOf = ({ config, upstream }: Current): Service => ({
    config,
    since,
    ...namesOf(config),
    fallbacks: fallbacksOf(config),
    scheduler,
    upstream,
    replacedBy: (next) => {
      // Before the scheduler, which may ask for a load at once: the load is to follow the new file.
      current = { config: next, upstream: new Upstream(next, upstream) };
      loader.learn(next);
      scheduler.reconfigure(fleetSpecOf(next), policyOf(next));
      loader.forget((id) => scheduler.fleet.deployments.has(id));
      return serviceOf(current);
    },
    close: async () => {
      prober.close();
      poller.close();
      loader.close();
      scheduler.close();
      await upstream.close();
    },
  });
  loader.learn(first);
  poller.pollNow();
  return serviceOf(current);
}

function namesOf({ groups, aliases, hidden }: GatewayConfig): Pick<Service, 'models' | 'listed'> {
  const models = new Map(groups.map((group): [string, ModelGroup] => [group.name, group]));
  const listed = [...models.keys()].filter((name) => !hidden.has(name));
  for (const [alias, name] of aliases) {
    const group = models.get(name);
    if (group === undefined || models.has(alias)) continue;
    models.set(alias, group);
    if (!hidden.has(alias)) listed.push(alias);
  }
  for (const group of groupsByOwnName(groups)) if (!models.has(group.name)) models.set(group.name, group);
  return { models, listed };
}

/** The deployments of each `litellm_params.model`: LiteLLM's clients may ask for `ollama_chat/NAME` as well. */
function groupsByOwnName(groups: readonly ModelGroup[]): readonly ModelGroup[] {
  const byName = new Map<string, [Deployment, ...Deployment[]]>();
  for (const deployment of groups.flatMap(({ deployments, isFallback }) => (isFallback ? [] : deployments))) {
    const name = deployment.listed.params['model'];
    if (typeof name !== 'string' || name.includes('*')) continue;
    const found = byName.get(name);
    if (found === undefined) byName.set(name, [deployment]);
    else found.push(deployment);
  }
  return [...byName].map(([name, deployments]) => ({ name, deployments }));
}

function fallbacksOf({ groups, routing: { fallbacks, contextFallbacks } }: GatewayConfig): Service['fallbacks'] {
  return (kind, { name }) => {
    const names = (kind === 'failed' ? fallbacks : contextFallbacks).get(name) ?? [];
    return names.flatMap((other) => groups.find((group) => group.name === other) ?? []);
  };
}
