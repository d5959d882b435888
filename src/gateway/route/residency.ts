import { isSameModel } from '../../core/model-name.ts';

/**
 * Whether a model is in a backend's memory. `resident` with a runner is the gateway's own load; without one the model was found
 * there, with unknown options.
 */
export interface Residency {
  state: 'always' | 'unknown' | 'resident' | 'absent';
  /** The options of the runner; see {@link runnerKey}. */
  runner: string | undefined;
  /** A runner died: the server lists it until the next request, which is to be a load of the gateway's own. */
  doubted: boolean;
  /** When this was last learned from anything but a list. */
  sinceMs: number;
  /** The context length that lists showed since the gateway's load. */
  context: number | undefined;
  /**
   * The models that lists showed since the gateway's load without this one: names with the same weights share one runner, under one
   * name.
   */
  listedOthers: string | undefined;
}

/** A model in memory, as a server lists it. */
export interface ListedModel {
  readonly name: string;
  readonly context: number | undefined;
  readonly family: string | undefined;
  /** Its bytes, and those of them in VRAM; absent if the server does not say. */
  readonly sizeBytes?: number | undefined;
  readonly vramBytes?: number | undefined;
}

/** The models in a server's memory. */
export interface Listing {
  readonly models: readonly ListedModel[];
  readonly askedMs: number;
}

const ANY_RUNNER = '[]';
const RUNNER_OPTIONS = ['num_ctx', 'num_batch', 'num_gpu', 'main_gpu', 'num_thread', 'use_mmap'];

/** The options of a deployment that make a runner, as text: with others the model is loaded anew. */
export function runnerKey(options: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(
    RUNNER_OPTIONS.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
}

/** Nothing is known; `always` for servers that load their models themselves. */
export function unknownResidency(always: boolean): Residency {
  return {
    state: always ? 'always' : 'unknown',
    runner: undefined,
    doubted: false,
    sinceMs: Number.NEGATIVE_INFINITY,
    context: undefined,
    listedOthers: undefined,
  };
}

/** Whether a request for a runner finds it in memory. */
export function isReady(residency: Residency, wanted: string): boolean {
  if (residency.state !== 'resident') return residency.state === 'always';
  if (residency.runner !== undefined) return residency.runner === wanted;
  // A model found in memory serves an alias without runner options, or with the context length that it shows.
  return (
    wanted === ANY_RUNNER || (residency.context !== undefined && wanted === runnerKey({ num_ctx: residency.context }))
  );
}

/** Records that the gateway's own load has succeeded. */
export function markLoaded(residency: Residency, runner: string, nowMs: number): void {
  if (residency.state === 'always') return;
  Object.assign(residency, {
    state: 'resident',
    runner,
    doubted: false,
    sinceMs: nowMs,
    context: undefined,
    listedOthers: undefined,
  });
}

/** Records that another model was loaded, which may have evicted this one. */
export function markMaybeEvicted(residency: Residency, nowMs: number): void {
  if (residency.state === 'resident') Object.assign(residency, { state: 'unknown', sinceMs: nowMs });
}

/** Records that lists which were asked for before now do not count. */
export function markOutdated(residency: Residency, nowMs: number): void {
  markMaybeEvicted(residency, nowMs);
  residency.sinceMs = nowMs;
}

/** Records that the gateway has unloaded the model. */
export function markUnloaded(residency: Residency, nowMs: number): void {
  Object.assign(residency, { ...unknownResidency(false), state: 'absent', sinceMs: nowMs });
}

/** Makes the residency unknown after a failure; `doubted`: the next lists may be wrong. */
export function resetResidency(residency: Residency, nowMs: number, doubted: boolean): void {
  if (residency.state !== 'always') Object.assign(residency, { ...unknownResidency(false), sinceMs: nowMs, doubted });
}

/**
 * Records that the backend has listed its memory. A list that was requested before the last other event does not count. `atWork`: it has
 * requests, which were sent when it was in memory.
 */
export function observeListing(
  residency: Residency,
  model: string,
  { models, askedMs }: Listing,
  atWork: boolean,
): void {
  if (residency.state === 'always' || askedMs < residency.sinceMs) return;
  const listed = models.find(({ name }) => isSameModel(name, model));
  if (listed !== undefined) {
    if (residency.doubted) return;
    // Another context length is a load by another client.
    if (residency.context !== undefined && residency.context !== listed.context) residency.runner = undefined;
    Object.assign(residency, { state: 'resident', context: listed.context });
    return;
  }
  // Most models that are not listed are on disk.
  const listedOthers =
    residency.runner !== undefined && residency.context === undefined
      ? models
          .map(({ name }) => name)
          .toSorted()
          .join(' ')
      : '';
  const mayShare = listedOthers !== '' && (residency.listedOthers ?? listedOthers) === listedOthers;
  // Listed under another name, or evicted: the next use starts with a load, which costs next to nothing if the model is there.
  if (mayShare) Object.assign(residency, { state: atWork ? 'resident' : 'unknown', listedOthers });
  else Object.assign(residency, { ...unknownResidency(false), state: 'absent' });
}
