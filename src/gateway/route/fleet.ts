import { CLOSED, type Circuit } from './circuit.ts';
import type { Latency } from './latency.ts';
import { everybody, sizeOf, type Line } from './line.ts';
import { UNUSED, type Minute, type MinuteLimits } from './minute.ts';
import { createReplica, replicaId, type Replica, type Wedge } from './replica.ts';
import { unknownResidence } from './residence.ts';
import { learnedSlots, statedSlots } from './slots.ts';

/** A deployment as routing sees it: counters and what speaks against it. */
export interface Place {
  readonly id: string;
  readonly backend: string;
  readonly weight: number;
  /** The model on its server; several aliases may share it. */
  readonly replica: string;
  /** The runner that it needs there; see `wantedRunner`. */
  readonly wants: string;
  /** Of those that can be used, only those with the lowest are. */
  readonly order: number;
  readonly limits: MinuteLimits;
  minute: Minute;
  latency: Latency | undefined;
  /** Requests that were dispatched here and not released yet; exact. */
  inFlight: number;
  /** Failures in a row. */
  failures: number;
  /** Not used while others can be, until then. */
  restingUntilMs: number;
  /** When it was last chosen, as a count of choices; ties go to the one longest ago. */
  lastTurn: number;
  /** Not configured any more: only here until its requests have ended. */
  leaving: boolean;
}

/** A server as routing sees it. */
export interface Backend {
  readonly url: string;
  inFlight: number;
  /** When the last of those has ended. */
  quietSinceMs: number;
  circuit: Circuit;
  /** The replica that we are loading there: one at a time, as the server does it. */
  loading: string | undefined;
  /** A load that goes on there in a client's request, as it seems. */
  stranded: Stranded | undefined;
  /** What it last listed; `undefined` where nobody knows. */
  listed: readonly string[] | undefined;
  leaving: boolean;
}

/** Requests that wait inside a server which has not their model: it went between two lists, or its name was taken for another of what is listed. */
export interface Stranded extends Wedge {
  readonly replica: Replica;
}

/** A request in its place: whoever has it gives it back. Kept in no table, which every request would have to enter and leave. */
export interface Flight {
  readonly request: string;
  readonly place: Place;
  readonly backend: Backend;
  readonly replica: Replica;
  readonly sinceMs: number;
  readonly boundMs: number;
  /** How many were in flight to its model there when it was sent, itself included. */
  readonly nth: number;
  started: boolean;
  /** It has been given back. */
  over: boolean;
  /** What was expected of the abandoned request whose slot it got. */
  readonly afterRestMs: number | undefined;
}

/** All that routing knows. Plain data: `router.ts` and what it calls change it. */
export interface Fleet {
  readonly places: Map<string, Place>;
  readonly backends: Map<string, Backend>;
  readonly replicas: Map<string, Replica>;
  /** By name and places. */
  readonly lines: Map<string, Line>;
  /** Those who wait, and in which line. */
  readonly waiting: Map<string, Line>;
  turns: number;
  /** Whether time alone may change something, apart from those who wait. */
  restless: boolean;
}

/** A server of a plan. */
export interface PlannedBackend {
  readonly url: string;
  /** Whether its models are loaded by us and have slots that can be counted. */
  readonly managed: boolean;
  /** Slots of each model there, where they are stated. */
  readonly slots: number | undefined;
}

/** A deployment of a plan. */
export interface PlannedPlace {
  readonly id: string;
  readonly backend: string;
  readonly weight: number;
  readonly model: string;
  readonly wants: string;
  /** One request at a time, whatever is stated for the server. */
  readonly single: boolean;
  /** Without it a place comes after those that have one. */
  readonly order?: number | undefined;
  /** Requests and tokens for each minute. */
  readonly rpm?: number | undefined;
  readonly tpm?: number | undefined;
}

/** What a fleet is made of. */
export interface FleetPlan {
  readonly backends: readonly PlannedBackend[];
  readonly places: readonly PlannedPlace[];
}

/** What is being loaded on a server: by us, else in a client's request, as it seems. */
export function underwayOn(
  { replicas }: Fleet,
  { loading, stranded }: Backend,
): { readonly replica: Replica; readonly wedge: Wedge } | undefined {
  const replica = replicas.get(loading ?? '');
  if (replica?.load !== undefined) return { replica, wedge: replica.load };
  return stranded === undefined ? undefined : { replica: stranded.replica, wedge: stranded };
}

/** A fleet about which nothing is known yet, so everything in it is taken to be up. */
export function createFleet(plan: FleetPlan): Fleet {
  const fleet: Fleet = {
    places: new Map(),
    backends: new Map(),
    replicas: new Map(),
    lines: new Map(),
    waiting: new Map(),
    turns: 0,
    restless: false,
  };
  replan(fleet, plan);
  return fleet;
}

/** Makes a fleet what another plan says. What is known about that which stays is kept; what goes while requests run there leaves when the last has ended. */
export function replan(fleet: Fleet, plan: FleetPlan): void {
  for (const known of [...fleet.backends.values(), ...fleet.places.values()]) known.leaving = true;
  for (const backend of plan.backends) planBackend(fleet, backend);
  for (const place of plan.places)
    planPlace(
      fleet,
      place,
      plan.backends.find(({ url }) => url === place.backend),
    );
  for (const [key, line] of fleet.lines) if (sizeOf(line) === 0) fleet.lines.delete(key);
  dismiss(fleet);
}

/** Forgets what is leaving and neither has anything in flight, nor is waited for or being loaded. */
export function dismiss({ backends, places, replicas, lines }: Fleet): void {
  const wanted = new Set(
    [...lines.values()].flatMap((line) => [...everybody(line)].flatMap((waiting) => waiting.places)),
  );
  // Whoever forgets a load never learns that the server is free for another.
  for (const [id, { leaving, inFlight, replica }] of places)
    if (leaving && inFlight === 0 && !wanted.has(id) && replicas.get(replica)?.load === undefined) places.delete(id);
  const left = [...places.values()];
  for (const [url, { leaving, inFlight }] of backends)
    if (leaving && inFlight === 0 && !left.some((place) => place.backend === url)) backends.delete(url);
  for (const [id, { inFlight }] of replicas)
    if (inFlight === 0 && !left.some((place) => place.replica === id)) replicas.delete(id);
}

// What is known is changed where it stands: flights hold on to it.
function planBackend({ backends }: Fleet, { url }: PlannedBackend): void {
  const known = backends.get(url);
  if (known === undefined)
    backends.set(url, {
      url,
      inFlight: 0,
      quietSinceMs: 0,
      circuit: CLOSED,
      loading: undefined,
      stranded: undefined,
      listed: undefined,
      leaving: false,
    });
  else known.leaving = false;
}

function planPlace({ places, replicas }: Fleet, planned: PlannedPlace, backend: PlannedBackend | undefined): void {
  const id = replicaId(planned.backend, planned.model);
  const stated =
    planned.single && backend?.managed !== false
      ? 1
      : backend?.managed === false
        ? (backend.slots ?? Number.POSITIVE_INFINITY)
        : backend?.slots;
  const replica = replicas.get(id);
  if (replica === undefined)
    replicas.set(
      id,
      createReplica({
        id,
        backend: planned.backend,
        model: planned.model,
        managed: backend?.managed !== false,
        stated,
      }),
    );
  else restate(replica, backend?.managed !== false, stated);
  const known = places.get(planned.id);
  const { weight, wants, order = Infinity, rpm, tpm } = planned;
  const limits = { requests: rpm, tokens: tpm };
  const fresh: Place = {
    id: planned.id,
    backend: planned.backend,
    replica: id,
    weight,
    wants,
    order,
    limits,
    minute: UNUSED,
    latency: undefined,
    inFlight: 0,
    failures: 0,
    restingUntilMs: 0,
    lastTurn: 0,
    leaving: false,
  };
  if (known === undefined) places.set(planned.id, fresh);
  else Object.assign(known, { weight, wants, order, limits, leaving: false });
}

// What was found out about slots holds on where nobody stated any, nor does now. Who loads the model may have changed too.
function restate({ slots, residence }: Replica, managed: boolean, stated: number | undefined): void {
  const same = stated === undefined ? slots.kind === 'learned' : slots.kind !== 'learned' && slots.count === stated;
  if (!same) Object.assign(slots, stated === undefined ? learnedSlots() : statedSlots(stated));
  if ((residence.state === 'always') === managed) Object.assign(residence, unknownResidence(!managed));
}
