import type { BackendConfig, GatewayConfig, ModelGroup } from '../schema/gateway-config.ts';
import { Desk } from './desk.ts';
import { Prober } from './health/prober.ts';
import type { Log } from './log.ts';
import { createFleet } from './route/fleet.ts';
import { leastBusy } from './route/strategy/least-busy.ts';
import { simpleShuffle } from './route/strategy/simple-shuffle.ts';
import type { Strategy } from './route/strategy/strategy.ts';
import { Upstream } from './upstream/upstream.ts';

const STRATEGIES: Readonly<Record<GatewayConfig['routing']['strategy'], Strategy>> = { 'least-busy': leastBusy, 'simple-shuffle': simpleShuffle };

/** Everything that is made from one configuration. A request keeps the one it began with. */
export interface Service {
  readonly config: GatewayConfig;
  /** When it began to serve, in seconds since 1970. */
  readonly since: number;
  /** By every name that clients may ask for. */
  readonly models: ReadonlyMap<string, ModelGroup>;
  readonly desk: Desk;
  readonly upstream: Upstream;
  close(): Promise<void>;
}

/** Makes a service of a configuration; it reaches for no server before the first request. */
export function createService(config: GatewayConfig, log: Log): Service {
  const now = (): number => performance.now();
  const upstream = new Upstream(config);
  const byUrl = new Map(config.backends.map((backend): [string, BackendConfig] => [backend.url, backend]));
  const probe = async (url: string): Promise<boolean> => {
    const backend = byUrl.get(url);
    return backend !== undefined && (await upstream.probe(backend));
  };
  const prober = new Prober({ probe, now, onResult: (backend, alive) => { desk.probed(backend, alive); } });
  const { strategy, allowedFails, cooldownMs } = config.routing;
  const deployments = config.groups.flatMap((group) => [...group.deployments]);
  const fleet = createFleet({ backends: [...byUrl.keys()], places: deployments.map(({ id, url, weight }) => ({ id, backend: url, weight })) });
  const desk: Desk = new Desk(fleet, { strategy: STRATEGIES[strategy], allowedFails, cooldownMs, random: Math.random }, now, {
    onDown: (backend, nextProbeMs, isNew) => {
      if (isNew) log({ event: 'backend-down', backend });
      prober.ask(backend, nextProbeMs);
    },
    onUp: (backend) => {
      log({ event: 'backend-up', backend });
    },
  });
  const close = async (): Promise<void> => {
    prober.close();
    await upstream.close();
  };
  return { config, since: Math.floor(Date.now() / 1000), models: modelsOf(config), desk, upstream, close };
}

function modelsOf({ groups, aliases }: GatewayConfig): ReadonlyMap<string, ModelGroup> {
  const models = new Map(groups.map((group): [string, ModelGroup] => [group.name, group]));
  for (const [alias, name] of aliases) {
    const group = models.get(name);
    if (group !== undefined && !models.has(alias)) models.set(alias, group);
  }
  return models;
}
