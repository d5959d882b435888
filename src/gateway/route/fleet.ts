import { CLOSED, type Circuit } from './circuit.ts';
import type { Latency } from './latency.ts';
import { waitersOf, queueLength, type Queue } from './queue.ts';
import { EMPTY_WINDOW, type RateWindow, type RateLimits } from './rate-window.ts';
import { createReplica, replicaId, type Replica, type LoadWatch } from './replica.ts';
import { unknownResidency } from './residency.ts';
import { learnedSlots, statedSlots } from './slots.ts';

/** A deployment as routing sees it: counters and what speaks against it. */
export interface DeploymentState {
  readonly id: string;
  readonly backend: string;
  readonly weight: number;
  /** The model on its server; several aliases may share it. */
  readonly replica: string;
  /** The runner that it needs there; see `wantedRunner`. */
  readonly runnerKey: string;
  /** Of those that can be used, only those with the lowest are. */
  readonly order: number;
  readonly limits: RateLimits;
  rateWindow: RateWindow;
  latency: Latency | undefined;
  /** Requests that were dispatched here and not released yet; exact. */
  inFlight: number;
  /** Failures in a row. */
  failures: number;
  /** Not used while others can be, until then. */
  cooldownUntilMs: number;
  /** When it was last chosen, as a count of choices; ties go to the one longest ago. */
  lastPicked: number;
  /** Not configured any more: only here until its requests have ended. */
  draining: boolean;
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
  implicitLoad: ImplicitLoad | undefined;
  /** What it last listed; `undefined` where nobody knows. */
  listed: readonly string[] | undefined;
  draining: boolean;
}

/** Requests that wait inside a server which has not their model: it went between two lists, or its name was taken for another of what is listed. */
export interface ImplicitLoad extends LoadWatch {
  readonly replica: Replica;
}

/** A request in its place: whoever has it gives it back. Kept in no table, which every request would have to enter and leave. */
export interface Lease {
  readonly request: string;
  readonly deployment: DeploymentState;
  readonly backend: Backend;
  readonly replica: Replica;
  readonly sinceMs: number;
  readonly boundMs: number;
  /** How many were in flight to its model there when it was sent, itself included. */
  readonly nth: number;
  started: boolean;
  /** It has been given back. */
  released: boolean;
  /** What was expected of the abandoned request whose slot it got. */
  readonly afterRestMs: number | undefined;
}

/** All that routing knows. Plain data: `router.ts` and what it calls change it. */
export interface Fleet {
  readonly deployments: Map<string, DeploymentState>;
  readonly backends: Map<string, Backend>;
  readonly replicas: Map<string, Replica>;
  /** By name and places. */
  readonly queues: Map<string, Queue>;
  /** Those who wait, and in which line. */
  readonly waiting: Map<string, Queue>;
  picks: number;
  /** Whether time alone may change something, apart from those who wait. */
  tickWanted: boolean;
}

/** A server of a plan. */
export interface BackendSpec {
  readonly url: string;
  /** Whether its models are loaded by us and have slots that can be counted. */
  readonly managed: boolean;
  /** Slots of each model there, where they are stated. */
  readonly slots: number | undefined;
}

/** A deployment of a plan. */
export interface DeploymentSpec {
  readonly id: string;
  readonly backend: string;
  readonly weight: number;
  readonly model: string;
  readonly runnerKey: string;
  /** One request at a time, whatever is stated for the server. */
  readonly single: boolean;
  /** Without it a place comes after those that have one. */
  readonly order?: number | undefined;
  /** Requests and tokens for each minute. */
  readonly rpm?: number | undefined;
  readonly tpm?: number | undefined;
}

/** What a fleet is made of. */
export interface FleetSpec {
  readonly backends: readonly BackendSpec[];
  readonly deployments: readonly DeploymentSpec[];
}

/** What is being loaded on a server: by us, else in a client's request, as it seems. */
export function loadInProgress(
  { replicas }: Fleet,
  { loading, implicitLoad }: Backend,
): { readonly replica: Replica; readonly watch: LoadWatch } | undefined {
  const replica = replicas.get(loading ?? '');
  if (replica?.load !== undefined) return { replica, watch: replica.load };
  return implicitLoad === undefined ? undefined : { replica: implicitLoad.replica, watch: implicitLoad };
}

/** A fleet about which nothing is known yet, so everything in it is taken to be up. */
export function createFleet(plan: FleetSpec): Fleet {
  const fleet: Fleet = {
    deployments: new Map(),
    backends: new Map(),
    replicas: new Map(),
    queues: new Map(),
    waiting: new Map(),
    picks: 0,
    tickWanted: false,
  };
  reconfigure(fleet, plan);
  return fleet;
}

/** Makes a fleet what another plan says. What is known about that which stays is kept; what goes while requests run there leaves when the last has ended. */
export function reconfigure(fleet: Fleet, plan: FleetSpec): void {
  for (const known of [...fleet.backends.values(), ...fleet.deployments.values()]) known.draining = true;
  for (const backend of plan.backends) applyBackendSpec(fleet, backend);
  for (const deployment of plan.deployments)
    applyDeploymentSpec(
      fleet,
      deployment,
      plan.backends.find(({ url }) => url === deployment.backend),
    );
  for (const [key, queue] of fleet.queues) if (queueLength(queue) === 0) fleet.queues.delete(key);
  prune(fleet);
}

/** Forgets what is leaving and neither has anything in flight, nor is waited for or being loaded. */
export function prune({ backends, deployments, replicas, queues }: Fleet): void {
  const wanted = new Set(
    [...queues.values()].flatMap((queue) => [...waitersOf(queue)].flatMap((waiting) => waiting.deployments)),
  );
  // Whoever forgets a load never learns that the server is free for another.
  for (const [id, { draining, inFlight, replica }] of deployments)
    if (draining && inFlight === 0 && !wanted.has(id) && replicas.get(replica)?.load === undefined)
      deployments.delete(id);
  const left = [...deployments.values()];
  for (const [url, { draining, inFlight }] of backends)
    if (draining && inFlight === 0 && !left.some((deployment) => deployment.backend === url)) backends.delete(url);
  for (const [id, { inFlight }] of replicas)
    if (inFlight === 0 && !left.some((deployment) => deployment.replica === id)) replicas.delete(id);
}

// What is known is changed where it stands: flights hold on to it.
function applyBackendSpec({ backends }: Fleet, { url }: BackendSpec): void {
  const known = backends.get(url);
  if (known === undefined)
    backends.set(url, {
      url,
      inFlight: 0,
      quietSinceMs: 0,
      circuit: CLOSED,
      loading: undefined,
      implicitLoad: undefined,
      listed: undefined,
      draining: false,
    });
  else known.draining = false;
}

function applyDeploymentSpec(
  { deployments, replicas }: Fleet,
  spec: DeploymentSpec,
  backend: BackendSpec | undefined,
): void {
  const id = replicaId(spec.backend, spec.model);
  const stated =
    spec.single && backend?.managed !== false
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
        backend: spec.backend,
        model: spec.model,
        managed: backend?.managed !== false,
        stated,
      }),
    );
  else restate(replica, backend?.managed !== false, stated);
  const known = deployments.get(spec.id);
  const { weight, runnerKey, order = Infinity, rpm, tpm } = spec;
  const limits = { requests: rpm, tokens: tpm };
  const fresh: DeploymentState = {
    id: spec.id,
    backend: spec.backend,
    replica: id,
    weight,
    runnerKey,
    order,
    limits,
    rateWindow: EMPTY_WINDOW,
    latency: undefined,
    inFlight: 0,
    failures: 0,
    cooldownUntilMs: 0,
    lastPicked: 0,
    draining: false,
  };
  if (known === undefined) deployments.set(spec.id, fresh);
  else Object.assign(known, { weight, runnerKey, order, limits, draining: false });
}

// What was found out about slots holds on where nobody stated any, nor does now. Who loads the model may have changed too.
function restate({ slots, residency }: Replica, managed: boolean, stated: number | undefined): void {
  const same = stated === undefined ? slots.kind === 'learned' : slots.kind !== 'learned' && slots.count === stated;
  if (!same) Object.assign(slots, stated === undefined ? learnedSlots() : statedSlots(stated));
  if ((residency.state === 'always') === managed) Object.assign(residency, unknownResidency(!managed));
}
