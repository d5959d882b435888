import { candidatesOf, isUp, isWarm, warmOf, type Candidate } from './candidate.ts';
import { arrivalRate } from './demand.ts';
import { capacityOf } from './fair-order.ts';
import type { Backend, Fleet } from './fleet.ts';
import { loadTimeS, mostLoadMs } from './load-time.ts';
import { poolOf } from './pool.ts';
import type { Replica } from './replica.ts';
import { endsRunner, hasBytesFor, isTaken, roomFor } from './room.ts';

/** Requests that come within a minute count, where models are compared. */
const HORIZON_S = 60;
/** A rate is known after this time, ms, and copies that are used less than this serve it well. */
const LEAST_KNOWN_MS = 30_000;
const LEAST_USE = 0.2;
/** An alias with fewer requests a second is hardly in use. */
const LEAST_RATE = 1 / 60;

/**
 * A copy of a model that is in use, while nobody waits: only into free memory of an idle backend, where the waits that it saves are
 * worth its load.
 */
export function copyAhead(fleet: Fleet, backend: Backend, nowMs: number): Candidate | undefined {
  if (!isUp(backend) || isTaken(backend) || backend.inFlight > 0) return undefined;
  for (const [name, { deployments }] of fleet.demands) {
    const own = poolOf(fleet, deployments).onBackend.get(backend) ?? [];
    if (!own.some((one) => !isWarm(one) && roomFor(backend, one.replica) === 'free')) continue;
    const candidates = candidatesOf(fleet, deployments, [], nowMs);
    if (candidates.some(({ replica }) => replica.load !== undefined)) continue;
    const here = candidates.find((one) => one.backend === backend);
    if (here === undefined || isWarm(here) || roomFor(backend, here.replica) !== 'free') continue;
    // It would end the runner of another alias.
    if (endsRunner(here.replica, here.deployment.runnerKey) || here.replica.residency.listedOthers !== undefined)
      continue;
    const copies = candidates.filter(isWarm);
    if (!hasBytesFor(backend, copies.find(({ replica }) => replica.sizeBytes !== undefined)?.replica.sizeBytes))
      continue;
    const gain = gainOfCopy(fleet, name, copies, capacityOf(fleet, { deployments, name }).rate, nowMs);
    if (gain !== undefined && isWorthLoad(gain, loadTimeS(mostLoadMs(backend), here.replica))) return here;
  }
  return undefined;
}

/** The requests of an alias a second, and the wait of each that one more copy of its model saves, s. */
export interface CopyGain {
  readonly lambda: number;
  readonly savedS: number;
}

/** The gain of one more copy beside these, which serve `rate` requests a second; `undefined` if the alias is hardly in use, or not known for long. */
export function gainOfCopy(
  fleet: Fleet,
  name: string,
  copies: readonly Candidate[],
  rate: number,
  nowMs: number,
): CopyGain | undefined {
  const demand = fleet.demands.get(name);
  if (demand === undefined || copies.length === 0 || nowMs - demand.sinceMs < LEAST_KNOWN_MS) return undefined;
  const lambda = arrivalRate(demand, nowMs);
  const use = lambda / Math.max(rate, 1e-6);
  if (lambda < LEAST_RATE || use < LEAST_USE) return undefined;
  let slots = 0;
  for (const { replica } of copies) slots += Math.min(replica.slots.count, 64);
  const serviceS = slots / Math.max(rate, 1e-6);
  const savedS =
    waitS(copies.length, serviceS, use) -
    waitS(copies.length + 1, serviceS, (use * copies.length) / (copies.length + 1));
  return { lambda, savedS };
}

/**
 * Whether a copy for requests that wait shows how many models an idle backend holds: it would be made while nobody waits if the room were
 * known, and no model there is the only copy, so an eviction costs next to nothing.
 */
export function showsRoom(
  fleet: Fleet,
  { backend, replica }: Candidate,
  gain: CopyGain | undefined,
  loadS: number,
): boolean {
  if (gain === undefined || backend.inFlight > 0 || roomFor(backend, replica) !== 'unknown') return false;
  if (!isWorthLoad(gain, loadS)) return false;
  for (const other of backend.replicas)
    if (other !== replica && other.residency.state !== 'absent' && !hasCopy(fleet, other)) return false;
  return true;
}

function isWorthLoad({ lambda, savedS }: CopyGain, loadS: number): boolean {
  return lambda * savedS * HORIZON_S > 2 * (0.5 * lambda * loadS + 0.1 * loadS);
}

// Whether each alias of a model has it in memory on another backend.
function hasCopy(fleet: Fleet, replica: Replica): boolean {
  for (const { deployments } of replica.demands)
    if (!warmOf(poolOf(fleet, deployments)).some((one) => one.replica !== replica && isUp(one.backend))) return false;
  return true;
}

// Expected wait with `count` servers of one model, after Sakasegawa.
function waitS(count: number, serviceS: number, use: number): number {
  if (use >= 0.97) return (serviceS / count) * (30 + 100 * (use - 0.97));
  return ((serviceS / count) * use ** (Math.sqrt(2 * (count + 1)) - 1)) / (1 - use);
}
