import type { GatewayConfig } from '../../schema/gateway-config.ts';
import type { Backend, Fleet } from '../route/fleet.ts';
import type { Replica } from '../route/replica.ts';

/** A deployment, in LiteLLM's words. */
export interface EndpointHealth {
  readonly model_name: string;
  readonly model: string;
  readonly api_base: string;
  readonly error?: string;
}

/** The context of a model on a server as far as the gateway has learned it, in tokens. */
export interface ContextState {
  readonly backend: string;
  readonly model: string;
  readonly from: number | undefined;
  readonly context: number | undefined;
  readonly refused: { readonly tokens: number; readonly reason: string; readonly at: string } | undefined;
}

/** The same as `/health` shows it: absent if the context is the server's own, or if no longer one was refused. */
export interface ContextHealth {
  readonly context?: number;
  readonly grown_from?: number;
  readonly refused?: { readonly tokens: number; readonly reason: string; readonly at: string };
}

/** A backend, as routing knows it. */
export interface BackendHealth {
  readonly backend: string;
  readonly circuit: 'closed' | 'open';
  /** Drained by an operator: it gets nothing new. Absent if it is not. */
  readonly drained?: true;
  readonly in_flight: number;
  /** Models in its memory, as it listed them last; absent if unknown. */
  readonly resident?: readonly string[];
  /** By model: slots in use, and the number of slots if it is known. */
  readonly slots: Readonly<Record<string, { readonly taken: number; readonly known?: number }>>;
  /** By model: its context that has grown, and the last one that did not fit into the server's memory, in tokens. */
  readonly contexts?: Readonly<Record<string, ContextHealth>>;
  /** By model that answered none of its requests: how often it was unloaded for it since the start, and when last. */
  readonly lost_slots?: Readonly<Record<string, { readonly unloads: number; readonly last: string }>>;
  /** For an open circuit: since when, failed probes since then, and ms to the next probe. */
  readonly down_since?: string;
  readonly failed_probes?: number;
  readonly next_probe_ms?: number;
}

/** The body of `/health`: LiteLLM's four keys, and each backend. */
export interface FleetHealth {
  readonly healthy_endpoints: readonly EndpointHealth[];
  readonly unhealthy_endpoints: readonly EndpointHealth[];
  readonly healthy_count: number;
  readonly unhealthy_count: number;
  readonly backends: readonly BackendHealth[];
}

/**
 * The health of the fleet from the state of routing; no backend is asked. `nowMs` is on routing's clock, `date` is the same moment.
 */
export function fleetHealth(
  { groups, backends }: GatewayConfig,
  fleet: Fleet,
  contexts: readonly ContextState[],
  nowMs: number,
  date: Date,
): FleetHealth {
  const endpoints = groups.flatMap(({ name, deployments }) =>
    deployments.map((deployment): EndpointHealth => {
      const backend = fleet.backends.get(deployment.url);
      const endpoint = { model_name: name, model: deployment.model, api_base: deployment.writtenUrl };
      if (backend?.circuit.state === 'open') return { ...endpoint, error: 'the server cannot be reached' };
      return backend?.drained === true ? { ...endpoint, error: 'the server is drained' } : endpoint;
    }),
  );
  const replicas = Map.groupBy(fleet.replicas.values(), ({ backend }) => backend);
  const healthy = endpoints.filter(({ error }) => error === undefined);
  const unhealthy = endpoints.filter(({ error }) => error !== undefined);
  return {
    healthy_endpoints: healthy,
    unhealthy_endpoints: unhealthy,
    healthy_count: healthy.length,
    unhealthy_count: unhealthy.length,
    backends: backends.flatMap(({ url }) => {
      const backend = fleet.backends.get(url);
      if (backend === undefined) return [];
      const own = contextsOf(contexts.filter((one) => one.backend === url));
      return [{ ...backendHealth(backend, replicas.get(url) ?? [], nowMs, date), ...own }];
    }),
  };
}

function backendHealth(
  { url, inFlight, circuit, listed, drained }: Backend,
  own: readonly Replica[],
  nowMs: number,
  date: Date,
): BackendHealth {
  const slots = Object.fromEntries(
    own.map(({ model, inFlight: busy, abandonedPrefills, slots: { count } }) => [
      model,
      { taken: busy + abandonedPrefills.length, ...(Number.isFinite(count) ? { known: count } : {}) },
    ]),
  );
  const all = {
    backend: url,
    circuit: circuit.state,
    ...(drained ? { drained } : {}),
    in_flight: inFlight,
    ...(listed === undefined ? {} : { resident: listed }),
    slots,
    ...lostSlotsOf(own, nowMs, date),
  };
  if (circuit.state === 'closed') return all;
  const since = new Date(date.getTime() - (nowMs - circuit.sinceMs));
  return {
    ...all,
    down_since: since.toISOString(),
    failed_probes: circuit.probes,
    next_probe_ms: Math.max(0, Math.round(circuit.nextProbeMs - nowMs)),
  };
}

function lostSlotsOf(own: readonly Replica[], nowMs: number, date: Date): Pick<BackendHealth, 'lost_slots'> {
  const shown = own.flatMap(({ model, slotWatch: { unloads, unloadedMs } }) =>
    unloads === 0
      ? []
      : [[model, { unloads, last: new Date(date.getTime() - (nowMs - unloadedMs)).toISOString() }] as const],
  );
  return shown.length === 0 ? {} : { lost_slots: Object.fromEntries(shown) };
}

function contextsOf(states: readonly ContextState[]): Pick<BackendHealth, 'contexts'> {
  const shown = states.flatMap(({ model, from, context, refused }) => {
    if (context === undefined && refused === undefined) return [];
    const health: ContextHealth = {
      ...(context === undefined ? {} : { context }),
      ...(context === undefined || from === undefined ? {} : { grown_from: from }),
      ...(refused === undefined ? {} : { refused }),
    };
    return [[model, health] as const];
  });
  return shown.length === 0 ? {} : { contexts: Object.fromEntries(shown) };
}
