import { touchMemory } from './attention.ts';
import type { Backend, DeploymentState, Fleet } from './fleet.ts';
import type { BackendSpec, DeploymentSpec, FleetSpec } from './fleet-spec.ts';
import { noteForeignLoad } from './foreign-load.ts';
import type { ForeignFacts, ReplicaFacts } from './holding.ts';
import { candidateOf, clearPools, hasLimits } from './pool.ts';
import { applyBackendSpec, applyDeploymentSpec, hasRunnersApart } from './reconfigure.ts';
import { replicaId, type Replica } from './replica.ts';
import { markLoaded } from './residency.ts';

/** The knowledge of this instance about the servers. */
export function factsOf(fleet: Fleet): ForeignFacts {
  const used = [...fleet.deployments.values()];
  return {
    spec: {
      backends: [...fleet.backends.values()].map((backend) => backendSpecOf(backend)),
      deployments: used.map((deployment) => deploymentSpecOf(fleet, deployment)),
    },
    replicas: [...fleet.replicas.values()].map(({ id, residency, slots, abandonedPrefills, rates, speed }) => ({
      id,
      runner: residency.state === 'resident' ? residency.runner : undefined,
      slots: slots.count,
      isSlotsSeen: slots.kind === 'learned' && (slots.isSeen || slots.count !== (slots.stated ?? 1)),
      abandonedPrefills,
      rates,
      speed,
    })),
    deployments: used.flatMap(({ id, rateWindow }) =>
      rateWindow.requests + rateWindow.tokens === 0 ? [] : [{ id, rateWindow }],
    ),
    loads: used.flatMap(({ id, backend, replica }) => {
      const load = fleet.replicas.get(replica)?.load;
      return load === undefined || fleet.backends.get(backend)?.loading !== replica
        ? []
        : [{ deployment: id, sinceMs: load.sinceMs }];
    }),
  };
}

/** Learns what another instance knows. Parts that this configuration does not have are there until nothing uses them. */
export function learnFacts(fleet: Fleet, { spec, replicas, deployments, loads }: ForeignFacts, nowMs: number): void {
  introduce(fleet, spec);
  for (const facts of replicas) {
    const replica = fleet.replicas.get(facts.id);
    if (replica !== undefined) learnReplica(fleet, replica, facts, nowMs);
  }
  for (const { id, rateWindow } of deployments) {
    const deployment = fleet.deployments.get(id);
    if (deployment !== undefined && rateWindow.sinceMs > deployment.rateWindow.sinceMs)
      deployment.rateWindow = rateWindow;
  }
  for (const { deployment, sinceMs } of loads) {
    const place = candidateOf(fleet, deployment);
    if (place !== undefined) noteForeignLoad(fleet, place, Math.min(nowMs, sinceMs));
  }
}

function learnReplica(fleet: Fleet, replica: Replica, facts: ReplicaFacts, nowMs: number): void {
  const { residency, slots, rates, speed } = replica;
  if (facts.runner !== undefined && residency.state !== 'absent' && residency.runner === undefined) {
    const { context } = residency;
    markLoaded(residency, facts.runner, nowMs);
    residency.context = context;
    touchMemory(fleet, replica);
  }
  if (facts.isSlotsSeen && slots.kind === 'learned' && !slots.isSeen)
    Object.assign(slots, { count: facts.slots, isSeen: true });
  if (rates.samples === 0) Object.assign(rates, facts.rates);
  if (speed.serviceMs === undefined) {
    Object.assign(speed, facts.speed);
    const backend = fleet.backends.get(replica.backend);
    if (backend !== undefined) backend.memory.longestLoad = undefined;
  }
  if (facts.abandonedPrefills.length === 0) return;
  replica.abandonedPrefills.push(...facts.abandonedPrefills);
  fleet.ticks.timed.add(replica);
  fleet.tickWanted = true;
}

function introduce(fleet: Fleet, { backends, deployments }: FleetSpec): void {
  const fresh = deployments.filter(({ id }) => !fleet.deployments.has(id));
  if (fresh.length === 0) return;
  const byUrl = new Map(backends.map((backend) => [backend.url, backend]));
  for (const spec of fresh) {
    const backend = byUrl.get(spec.backend);
    if (backend === undefined) continue;
    if (!fleet.backends.has(spec.backend)) {
      applyBackendSpec(fleet, backend);
      markDraining(fleet.backends.get(spec.backend));
    }
    // A replica that both have keeps the slots of this configuration.
    const isKnown = [...fleet.deployments.values()].find(
      ({ replica }) => replica === replicaId(spec.backend, spec.model),
    );
    if (isKnown === undefined) applyDeploymentSpec(fleet, spec, backend);
    else fleet.deployments.set(spec.id, { ...stateLike(isKnown), id: spec.id, runnerKey: spec.runnerKey });
    markDraining(fleet.deployments.get(spec.id));
  }
  fleet.sharesRunners = hasRunnersApart(fleet);
  fleet.isLimited = hasLimits(fleet);
  fleet.isDraining = true;
  clearPools(fleet);
}

function stateLike(known: DeploymentState): DeploymentState {
  return { ...known, inFlight: 0, failures: 0, cooldownUntilMs: 0, lastPicked: 0, latency: undefined };
}

function markDraining(part: { draining: boolean } | undefined): void {
  if (part !== undefined) part.draining = true;
}

function backendSpecOf({ url, room, replicas }: Backend): BackendSpec {
  const [first] = replicas;
  const managed = first === undefined || first.residency.state !== 'always';
  const stated =
    first?.slots.kind === 'unbounded' ? undefined : (first?.slots.stated ?? (managed ? undefined : first?.slots.count));
  return { url, managed, slots: stated, room };
}

function deploymentSpecOf(fleet: Fleet, deployment: DeploymentState): DeploymentSpec {
  const { id, backend, replica: held, weight, order, limits, cooldownMs, runnerKey } = deployment;
  const replica = fleet.replicas.get(held);
  return {
    id,
    backend,
    weight,
    order: order === Infinity ? undefined : order,
    rpm: limits.requests,
    tpm: limits.tokens,
    cooldownMs,
    model: replica?.model ?? '',
    runnerKey,
    single: replica?.slots.kind === 'fixed' && replica.slots.count === 1 && replica.residency.state !== 'always',
  };
}
