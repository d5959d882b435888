import { expectedWaitMs } from './admission.ts';
import { candidatesOf, isAtHand, type Candidate } from './candidate.ts';
import type { Decision, Ending } from './event.ts';
import type { Fleet } from './fleet.ts';
import { everybody, nextOf, setLoading, sizeOf, waitedMs, type Line, type Waiting } from './line.ts';
import type { Policy } from './policy.ts';
import { hasRoom, type Replica } from './replica.ts';
import { isSame, sawLoaded, sawRoomMade } from './residence.ts';
import { sawLoad } from './speed.ts';

const UNKNOWN_LOAD_MS = 10_000;
/** A load that is a server's word that the model is there already says nothing about loads. */
const LEAST_LOAD_MS = 100;
const WEDGED_UNKNOWN_MS = 60_000;
const WEDGED_LEAST_MS = 5000;
const CURE_PAUSE_MS = 5000;
const LONGEST_FAILING_MS = 15_000;

/** Begins the loads that those who wait need: none while a free slot could take them, one at a time on a server. */
export function planLoads(fleet: Fleet, policy: Policy, nowMs: number, out: Decision[]): void {
  if (fleet.waiting.size === 0) return;
  for (const line of fleet.lines.values()) {
    for (const waiting of sizeOf(line) === 0 ? [] : nextOf(line, nowMs)) {
      for (const candidate of neededFor(fleet, policy, { line, waiting, nowMs })) begin(fleet, candidate, nowMs, out);
    }
  }
}

/** Runs the load clock of lines that have nothing to do but wait for one. */
export function keepLoadClocks(fleet: Fleet, nowMs: number): void {
  for (const line of fleet.lines.values()) {
    const [first] = sizeOf(line) === 0 ? [] : everybody(line);
    const candidates = first === undefined ? [] : candidatesOf(fleet, first.places, [], nowMs);
    setLoading(line, candidates.some(({ replica }) => replica.load !== undefined) && !candidates.some(isAtHand), nowMs);
  }
}

/** A load of ours has ended. */
export function endLoad(fleet: Fleet, replica: Replica, how: Ending, nowMs: number): void {
  const { load } = replica;
  const backend = fleet.backends.get(replica.backend);
  if (backend?.loading === replica.id) backend.loading = undefined;
  replica.load = undefined;
  if (load === undefined) return;
  if (how === 'answered') {
    // What was listed before is not so any more.
    if (backend !== undefined) backend.listed = undefined;
    sawLoaded(replica.residence, load.wants, nowMs);
    if (load.cold || nowMs - load.sinceMs >= LEAST_LOAD_MS) {
      sawLoad(replica.speed, nowMs - load.sinceMs);
      doubtOthers(fleet, replica, nowMs);
    }
    replica.failedLoads = 0;
  } else if (how === 'busy') replica.pausedUntilMs = nowMs + 500;
  else if (how !== 'cancelled') {
    replica.failingUntilMs = nowMs + Math.min(1000 * 2 ** Math.min(replica.failedLoads, 10), LONGEST_FAILING_MS);
    replica.failedLoads += 1;
  }
}

/**
 * Cures loads that do not end. A `keep_alive` from elsewhere can revive the model that is to make room, and then all loads wait
 * on an idle server: what is seen to stay in memory without work is unloaded by name, one after the other.
 */
export function cureWedged(fleet: Fleet, nowMs: number, out: Decision[]): void {
  for (const replica of fleet.replicas.values()) {
    const backend = fleet.backends.get(replica.backend);
    const load = replica.load ?? replica.stranded;
    if (backend === undefined || load === undefined || nowMs - (load.curedMs ?? load.sinceMs + wedgedAfter(fleet, replica) - CURE_PAUSE_MS) < CURE_PAUSE_MS) continue;
    load.curedMs = nowMs;
    const listed = backend.listed ?? [];
    if (load.besides !== listed.join(' ')) continue;
    const idle = listed.filter((name) => !isSame(name, replica.model) && !isAtWork(fleet, backend.url, name));
    const victim = idle[load.cures % Math.max(1, idle.length)];
    load.cures += 1;
    if (victim !== undefined) out.push({ kind: 'unload', backend: backend.url, model: victim });
  }
}

/** Notes whose requests wait inside a server that does not have their model, so that ticks watch over them as over a load. */
export function findStranded(fleet: Fleet, nowMs: number): void {
  for (const replica of fleet.replicas.values()) {
    const waits = replica.residence.state === 'absent' && replica.load === undefined && replica.inFlight > 0 && replica.started === 0;
    if (!waits) replica.stranded = undefined;
    else replica.stranded ??= { sinceMs: nowMs, besides: fleet.backends.get(replica.backend)?.listed?.join(' '), curedMs: undefined, cures: 0 };
    if (waits) fleet.restless = true;
  }
}

interface Need {
  readonly line: Line;
  readonly waiting: Waiting;
  readonly nowMs: number;
}

function neededFor(fleet: Fleet, policy: Policy, { line, waiting, nowMs }: Need): readonly Candidate[] {
  const candidates = candidatesOf(fleet, waiting.places, waiting.tried, nowMs);
  const atHand = candidates.filter(isAtHand);
  if (atHand.some(({ replica }) => hasRoom(replica))) return [];
  const open = candidates.filter((candidate) => !isAtHand(candidate) && candidate.replica.load === undefined && candidate.backend.loading === undefined && nowMs >= candidate.replica.pausedUntilMs);
  // In memory already: to ask for it costs next to nothing, and tells with which options.
  const warm = open.filter(({ replica: { residence } }) => residence.state === 'resident' && residence.as === undefined);
  if (warm.length > 0) return warm;
  if (atHand.length > 0) {
    const idle = open.filter((candidate) => isIdle(fleet, candidate));
    const empty = idle.filter(({ backend, replica }) => backend.listed?.every((name) => isSame(name, replica.model)) === true);
    return empty.length > 0 ? oneOf(policy, empty, nowMs) : isWorthAnother({ line, waiting, nowMs }, atHand) ? oneOf(policy, idle, nowMs) : [];
  }
  if (candidates.some(({ replica }) => replica.load !== undefined)) return [];
  const unknown = open.filter(({ replica: { residence } }) => residence.state === 'unknown');
  return oneOf(policy, unknown.length > 0 ? unknown : open, nowMs);
}

// One of them may have had to make room: until the server lists what it has, it is asked for by a load of ours first.
function doubtOthers({ replicas }: Fleet, loaded: Replica, nowMs: number): void {
  for (const replica of replicas.values()) if (replica !== loaded && replica.backend === loaded.backend && replica.inFlight === 0) sawRoomMade(replica.residence, nowMs);
}

// Another copy costs nothing where nothing has to make room for it; elsewhere it pays when the line is longer than a load.
function isWorthAnother({ line, waiting, nowMs }: Need, atHand: readonly Candidate[]): boolean {
  const loadMs = Math.min(...atHand.map(({ replica }) => replica.speed.loadMs ?? UNKNOWN_LOAD_MS));
  return Math.max(expectedWaitMs(sizeOf(line) - 1, atHand) ?? 0, waitedMs(line, waiting, nowMs)) > 1.5 * loadMs;
}

function oneOf({ strategy, random }: Policy, candidates: readonly Candidate[], nowMs: number): readonly Candidate[] {
  const [first, ...rest] = candidates;
  return first === undefined ? [] : [strategy.choose([first, ...rest], random, nowMs)];
}

function begin(fleet: Fleet, { place, backend, replica }: Candidate, nowMs: number, out: Decision[]): void {
  if (backend.loading !== undefined) return;
  backend.loading = replica.id;
  replica.load = { sinceMs: nowMs, wants: place.wants, cold: replica.residence.state === 'absent', besides: backend.listed?.join(' '), curedMs: undefined, cures: 0 };
  fleet.restless = true;
  out.push({ kind: 'load', replica: replica.id, place: place.id });
}

function isIdle(fleet: Fleet, { backend }: Candidate): boolean {
  return backend.inFlight === 0 && ![...fleet.replicas.values()].some((replica) => replica.backend === backend.url && replica.lingering.length > 0);
}

function isAtWork(fleet: Fleet, backend: string, model: string): boolean {
  return [...fleet.replicas.values()].some((replica) => replica.backend === backend && isSame(replica.model, model) && replica.inFlight + replica.lingering.length > 0);
}

// By its own loads, else by those of the server's other models.
function wedgedAfter({ replicas }: Fleet, { backend, speed }: Replica): number {
  const others = [...replicas.values()].flatMap((replica) => (replica.backend === backend && replica.speed.loadMs !== undefined ? [replica.speed.loadMs * 2] : []));
  const knownMs = speed.loadMs ?? (others.length === 0 ? undefined : Math.max(...others));
  return knownMs === undefined ? WEDGED_UNKNOWN_MS : Math.max(WEDGED_LEAST_MS, knownMs * 3);
}
