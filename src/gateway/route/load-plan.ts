import { expectedWaitMs } from './admission.ts';
import { candidatesOf, isAtHand, type Candidate } from './candidate.ts';
import { drainForLoads } from './drain.ts';
import type { Backend, Fleet } from './fleet.ts';
import { nextOf, sizeOf, waitedMs, type Line, type Waiting } from './line.ts';
import type { Policy } from './policy.ts';
import { hasRoom } from './replica.ts';
import { isSame } from './residence.ts';

const UNKNOWN_LOAD_MS = 10_000;

/** One who waits, with the time. */
interface Need {
  readonly line: Line;
  readonly waiting: Waiting;
  readonly nowMs: number;
}

/** Loads what those who wait need, where the strategy would send them: nothing while a free slot could take them, and no more at once for a line than wait in it. */
export function loadForThoseWhoWait({ strategy, random }: Pick<Policy, 'strategy' | 'random'>): Policy['nextLoad'] {
  return (fleet, nowMs) => {
    for (const line of fleet.lines.values()) {
      for (const waiting of sizeOf(line) === 0 ? [] : nextOf(line, nowMs)) {
        const [first, ...rest] = neededFor(fleet, { line, waiting, nowMs });
        if (first !== undefined) return strategy.choose([first, ...rest], random, nowMs);
      }
    }
    return undefined;
  };
}

// The places of which one is to be loaded.
function neededFor(fleet: Fleet, { line, waiting, nowMs }: Need): readonly Candidate[] {
  const candidates = candidatesOf(fleet, waiting.places, waiting.tried, nowMs);
  const atHand = candidates.filter(isAtHand);
  if (atHand.some((candidate) => hasRoom(candidate.replica) && !drainForLoads(fleet, candidate, nowMs))) return [];
  const open = candidates.filter(
    (candidate) =>
      !isAtHand(candidate) &&
      candidate.replica.load === undefined &&
      !isTaken(candidate.backend) &&
      nowMs >= candidate.replica.pausedUntilMs,
  );
  // In memory already: to ask for it costs next to nothing, and tells with which options.
  const warm = open.filter(
    ({ replica: { residence } }) => residence.state === 'resident' && residence.as === undefined,
  );
  if (warm.length > 0) return warm;
  const loads = candidates.filter(({ replica }) => replica.load !== undefined).length;
  if (atHand.length > 0) {
    if (loads >= sizeOf(line)) return [];
    const idle = open.filter((candidate) => isIdle(fleet, candidate));
    // Another copy costs nothing where nothing has to make room for it; elsewhere it pays when the line is longer than a load.
    const empty = idle.filter(
      ({ backend, replica }) => backend.listed?.every((name) => isSame(name, replica.model)) === true,
    );
    return empty.length > 0 ? empty : isWorthAnother({ line, waiting, nowMs }, atHand) ? idle : [];
  }
  if (loads > 0) return [];
  const unknown = open.filter(({ replica: { residence } }) => residence.state === 'unknown');
  return unknown.length > 0 ? unknown : open;
}

function isWorthAnother({ line, waiting, nowMs }: Need, atHand: readonly Candidate[]): boolean {
  const loadMs = Math.min(...atHand.map(({ replica }) => replica.speed.loadMs ?? UNKNOWN_LOAD_MS));
  return Math.max(expectedWaitMs(sizeOf(line) - 1, atHand) ?? 0, waitedMs(line, waiting, nowMs)) > 1.5 * loadMs;
}

// By a load, of ours or in a client's request: another with its `keep_alive` could revive what is to make room for that.
function isTaken({ loading, stranded }: Backend): boolean {
  return loading !== undefined || stranded?.replica.residence.state === 'absent';
}

function isIdle(fleet: Fleet, { backend }: Candidate): boolean {
  return (
    backend.inFlight === 0 &&
    ![...fleet.replicas.values()].some((replica) => replica.backend === backend.url && replica.lingering.length > 0)
  );
}
