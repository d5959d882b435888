import { isSameModel } from '../../core/model-name.ts';
import type { FleetLoad, FleetModel, FleetServer } from '../../schema/fleet-document.ts';
import { isDoubted } from '../route/circuit.ts';
import type { Backend, Fleet } from '../route/fleet.ts';
import { loadInProgress } from '../route/load-in-progress.ts';
import type { Rates } from '../route/rates.ts';
import type { Replica } from '../route/replica.ts';
import type { ContextState } from './fleet-health.ts';

const MOST_MODELS = 64;

/** The state of the fleet at a moment: `nowMs` is on routing's clock, `date` is the same moment. */
export interface FleetMoment {
  readonly fleet: Fleet;
  /** By server and model, as {@link contextKeyOf} makes it. */
  readonly contexts: ReadonlyMap<string, ContextState>;
  /** Stated slots by server. */
  readonly stated: ReadonlyMap<string, number | undefined>;
  /** Of each model on several servers, as {@link meanRates} makes it. */
  readonly means: ReadonlyMap<string, MeanRates>;
  readonly nowMs: number;
  readonly date: Date;
}

/** The rates of a model on all servers where they are known: the sums of their logarithms, for the geometric mean. */
export type MeanRates = Readonly<Record<(typeof KINDS)[number], { sumOfLogs: number; count: number }>>;

const KINDS = ['decode', 'prefill'] as const;
/** A rate is known after so many answers. */
const LEAST_SAMPLES = 3;

/** The mean rates of each model. */
export function meanRates({ replicas }: Fleet): ReadonlyMap<string, MeanRates> {
  const means = new Map<string, MeanRates>();
  for (const { model, rates } of replicas.values()) {
    if (rates.samples < LEAST_SAMPLES) continue;
    const known = means.get(model) ?? {
      decode: { sumOfLogs: 0, count: 0 },
      prefill: { sumOfLogs: 0, count: 0 },
    };
    means.set(model, known);
    for (const kind of KINDS) {
      const rate = knownRate(rates, kind);
      if (rate === undefined) continue;
      known[kind].sumOfLogs += Math.log(rate);
      known[kind].count += 1;
    }
  }
  return means;
}

function knownRate(rates: Rates, kind: (typeof KINDS)[number]): number | undefined {
  const rate = rates[kind];
  return rates.samples < LEAST_SAMPLES || rate === undefined || !(rate > 0) ? undefined : rate;
}

/** The key of a model on a server in {@link FleetMoment.contexts}. */
export function contextKeyOf(backend: string, model: string): string {
  return `${backend}\n${model}`;
}

/** A server, for `/fleet`. */
export function fleetServer(moment: FleetMoment, backend: Backend): FleetServer {
  const { url, circuit, drained, inFlight, seenMs, room, fullAt, listed = [] } = backend;
  const { nowMs } = moment;
  const replicas = [...backend.replicas];
  const shown =
    replicas.length <= MOST_MODELS
      ? replicas
      : replicas.toSorted((a, b) => weightOf(b) - weightOf(a)).slice(0, MOST_MODELS);
  const load = loadOf(moment.fleet, backend, nowMs);
  const slow = slowFactor(moment, replicas);
  return {
    url,
    state: circuit.state === 'open' ? 'down' : isDoubted(circuit) ? 'doubted' : 'up',
    ...(drained ? { drained } : {}),
    ...(circuit.state === 'open'
      ? { down_since: timeOf(moment, circuit.sinceMs), next_probe_ms: msUntil(circuit.nextProbeMs, nowMs) }
      : {}),
    ...(seenMs === undefined ? {} : { last_seen: timeOf(moment, seenMs) }),
    ...(slow === undefined ? {} : { slow_factor: slow }),
    in_flight: inFlight,
    room: { ...(room === undefined ? {} : { stated: room }), ...(fullAt === undefined ? {} : { believed: fullAt }) },
    ...(load === undefined ? {} : { load }),
    models: shown.map((replica) => modelOf(moment, replica)),
    models_left_out: replicas.length - shown.length,
    other_models: listed
      .filter((name) => !replicas.some(({ model }) => isSameModel(name, model)))
      .slice(0, MOST_MODELS),
  };
}

function weightOf({ inFlight, residency }: Replica): number {
  return inFlight * 2 + (residency.state === 'resident' ? 1 : 0);
}

function modelOf({ contexts, stated, nowMs }: FleetMoment, replica: Replica): FleetModel {
  const { backend, model, residency, slots, inFlight, speed, rates, usedMs, idleSinceMs } = replica;
  const known = contexts.get(contextKeyOf(backend, model));
  const context = known?.context ?? residency.context;
  const ownSlots = stated.get(backend);
  const pausedMs = msUntil(Math.max(replica.pausedUntilMs, replica.failingUntilMs), nowMs);
  return {
    model,
    residency: residency.state,
    ...(context === undefined ? {} : { context }),
    ...(known?.context === undefined || known.from === undefined ? {} : { grown_from: known.from }),
    slots: {
      ...(ownSlots === undefined ? {} : { stated: ownSlots }),
      ...(Number.isFinite(slots.count) ? { believed: slots.count } : {}),
      trying: slots.trial !== undefined,
    },
    in_flight: inFlight,
    abandoned: replica.abandonedPrefills.length,
    unread_tokens: Math.round(replica.unreadTokens),
    ...(inFlight > 0 || usedMs === 0 ? {} : { idle_ms: Math.max(0, Math.round(nowMs - idleSinceMs)) }),
    ...(pausedMs > 0 && Number.isFinite(pausedMs) ? { paused_ms: pausedMs } : {}),
    rates: {
      ...(rates.prefill === undefined ? {} : { prefill: rounded(rates.prefill) }),
      ...(rates.decode === undefined ? {} : { decode: rounded(rates.decode) }),
      ...(speed.loadMs === undefined ? {} : { load_ms: Math.round(speed.loadMs) }),
      ...(speed.serviceMs === undefined ? {} : { service_ms: Math.round(speed.serviceMs) }),
    },
  };
}

function loadOf(fleet: Fleet, backend: Backend, nowMs: number): FleetLoad | undefined {
  const { makingRoom } = backend;
  if (makingRoom !== undefined) {
    const { replica, victim, reason, sinceMs } = makingRoom;
    return {
      model: replica.model,
      phase: 'making-room',
      reason,
      since_ms: Math.round(nowMs - sinceMs),
      ...expected(replica),
      victims: [victim.model],
    };
  }
  const found = loadInProgress(fleet, backend);
  if (found === undefined) return undefined;
  const { replica, watch } = found;
  const { load } = replica;
  return {
    model: replica.model,
    phase: load === undefined ? 'in-request' : fleet.heldLoads.has(replica.id) ? 'held' : 'loading',
    ...(load === undefined ? {} : { reason: load.reason }),
    since_ms: Math.round(nowMs - watch.sinceMs),
    ...expected(replica),
    victims: load?.victims.map(({ model }) => model) ?? [],
  };
}

function expected({ speed }: Replica): Pick<FleetLoad, 'expected_ms'> {
  return speed.loadMs === undefined ? {} : { expected_ms: Math.round(speed.loadMs) };
}

// The mean of its models' factors, each against the same model on all servers.
function slowFactor({ means }: FleetMoment, replicas: readonly Replica[]): number | undefined {
  let [sum, count] = [0, 0];
  for (const { model, rates } of replicas)
    for (const kind of KINDS) {
      const mean = means.get(model)?.[kind];
      const own = knownRate(rates, kind);
      if (mean === undefined || mean.count < 2 || own === undefined) continue;
      sum += mean.sumOfLogs / mean.count - Math.log(own);
      count += 1;
    }
  return count === 0 ? undefined : Math.round(Math.exp(sum / count) * 100) / 100;
}

function timeOf({ date, nowMs }: FleetMoment, atMs: number): string {
  return new Date(date.getTime() - (nowMs - atMs)).toISOString();
}

function msUntil(atMs: number, nowMs: number): number {
  return Math.max(0, Math.round(atMs - nowMs));
}

function rounded(rate: number): number {
  return Math.round(rate * 10) / 10;
}
