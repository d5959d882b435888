import { createFlows } from './flow.ts';
import { nothingApart } from './apart.ts';
import { createAttention } from './attention.ts';
import { CLOSED } from './circuit.ts';
import type { Demand } from './demand.ts';
import type { DeploymentState, Fleet } from './fleet.ts';
import type { BackendSpec, DeploymentSpec, FleetSpec } from './fleet-spec.ts';
import { hasDraining } from './draining.ts';
import { unknownMemory } from './in-memory.ts';
import { clearPools, hasLimits } from './pool.ts';
import { EMPTY_WINDOW } from './rate-window.ts';
import { createReplica, replicaId, slotsOf, type Replica, type ReplicaSpec } from './replica.ts';
import { unknownResidency } from './residency.ts';
import { createTickIndex } from './tick-index.ts';

/** A fleet without any knowledge: every backend counts as up. */
export function createFleet(spec: FleetSpec): Fleet {
  const fleet: Fleet = {
    deployments: new Map(),
    backends: new Map(),
    replicas: new Map(),
    pools: new Map(),
    poolsOf: new Map(),
    queues: new Map(),
    waiting: new Map(),
    heldLoads: new Map(),
    demands: new Map(),
    flows: createFlows(),
    models: new Map(),
    picks: 0,
    made: 0,
    isLimited: false,
    isDraining: false,
    mayRemoveDrained: false,
    ticks: createTickIndex(),
    attention: createAttention(),
    claims: new Map(),
    round: { doneTurn: 0, endTurn: 0 },
    turns: 0,
    makingRoom: new Set(),
    sharesRunners: false,
    tickWanted: false,
    isDelegated: false,
  };
  reconfigure(fleet, spec);
  return fleet;
}

/**
 * Changes a fleet to another spec. Knowledge about parts that stay is kept; parts that go are marked as draining, and removed when
 * their last lease has ended (`draining.ts`).
 */
export function reconfigure(fleet: Fleet, spec: FleetSpec): void {
  for (const known of [...fleet.backends.values(), ...fleet.deployments.values()]) known.draining = true;
  // Requests link aliases and replicas anew.
  for (const demand of fleet.demands.values()) demand.deployments = [];
  if (spec.aliases !== undefined) forgetOthers(fleet, spec.aliases);
  for (const backend of spec.backends) applyBackendSpec(fleet, backend);
  const byUrl = new Map(spec.backends.map((backend) => [backend.url, backend]));
  for (const deployment of spec.deployments) applyDeploymentSpec(fleet, deployment, byUrl.get(deployment.backend));
  fleet.sharesRunners = hasRunnersApart(fleet);
  fleet.isLimited = hasLimits(fleet);
  fleet.isDraining = hasDraining(fleet.deployments) || hasDraining(fleet.backends);
  fleet.mayRemoveDrained = true;
  clearPools(fleet);
}

/** Forgets the requests of all other aliases, but for those that still wait: each look for places goes through all that are known. */
function forgetOthers({ demands, queues, replicas }: Fleet, aliases: readonly string[]): void {
  const kept = new Set(aliases);
  for (const { name } of queues.values()) kept.add(name);
  const gone = new Set<Demand>();
  for (const [name, demand] of demands)
    if (!kept.has(name)) {
      demands.delete(name);
      gone.add(demand);
    }
  if (gone.size === 0) return;
  for (const replica of replicas.values()) {
    const left = replica.demands.filter((demand) => !gone.has(demand));
    replica.demands.length = 0;
    for (const demand of left) replica.demands.push(demand);
  }
}

/** Whether deployments of one model on one backend want other runners. */
export function hasRunnersApart({ deployments }: Pick<Fleet, 'deployments'>): boolean {
  const keys = new Map<string, string>();
  for (const { replica, runnerKey, draining } of deployments.values()) {
    if (draining) continue;
    if ((keys.get(replica) ?? runnerKey) !== runnerKey) return true;
    keys.set(replica, runnerKey);
  }
  return false;
}

/** Adds or changes a backend: objects are changed in place, since leases refer to them. */
export function applyBackendSpec(fleet: Fleet, { url, room, drained = false }: BackendSpec): void {
  const { backends } = fleet;
  const known = backends.get(url);
  if (known === undefined)
    backends.set(url, {
      url,
      number: (fleet.made += 1),
      replicas: new Set(),
      atWork: [],
      inFlight: 0,
      started: 0,
      assignedMs: Number.NEGATIVE_INFINITY,
      idleSinceMs: 0,
      seenMs: undefined,
      circuit: CLOSED,
      loading: undefined,
      implicitLoad: undefined,
      makingRoom: undefined,
      room,
      fullAt: undefined,
      apart: nothingApart(),
      listed: undefined,
      heldTogether: [],
      memory: unknownMemory(),
      mostBytes: 0,
      turn: undefined,
      drained,
      draining: false,
    });
  else Object.assign(known, { room, drained, draining: false });
}

/** The same for a deployment, with its replica. */
export function applyDeploymentSpec(fleet: Fleet, spec: DeploymentSpec, backend: BackendSpec | undefined): void {
  const { deployments, backends, replicas } = fleet;
  const id = replicaId(spec.backend, spec.model);
  const { single } = spec;
  const [managed, stated] = [backend?.managed !== false, backend?.slots];
  const replica = replicas.get(id);
  if (replica === undefined) {
    const { backend: url, model } = spec;
    const number = (fleet.made += 1);
    const fresh = createReplica({ id, number, backend: url, model, managed, single, stated });
    replicas.set(id, fresh);
    backends.get(url)?.replicas.add(fresh);
  } else updateReplica(replica, { managed, single, stated });
  const known = deployments.get(spec.id);
  const { weight, runnerKey, order = Infinity, rpm, tpm, cooldownMs } = spec;
  const limits = { requests: rpm, tokens: tpm };
  const fresh: DeploymentState = {
    id: spec.id,
    backend: spec.backend,
    replica: id,
    weight,
    runnerKey,
    order,
    limits,
    cooldownMs,
    rateWindow: EMPTY_WINDOW,
    latency: undefined,
    inFlight: 0,
    failures: 0,
    cooldownUntilMs: 0,
    lastPicked: 0,
    draining: false,
  };
  if (known === undefined) deployments.set(spec.id, fresh);
  else Object.assign(known, { weight, runnerKey, order, limits, cooldownMs, draining: false });
}

// Learned slots are kept if the same number is configured before and after, or none. A backend may also have become managed, or unmanaged.
function updateReplica(replica: Replica, spec: Pick<ReplicaSpec, 'managed' | 'single' | 'stated'>): void {
  const { slots, residency, isSingle } = replica;
  const { managed, single, stated } = spec;
  const fresh = slotsOf({ managed, single: single || isSingle, stated });
  const isSame =
    slots.kind === fresh.kind && (fresh.kind === 'learned' ? slots.stated === stated : slots.count === fresh.count);
  if (!isSame) Object.assign(slots, fresh);
  if ((residency.state === 'always') === managed) Object.assign(residency, unknownResidency(!managed));
}
