/**
 * Whether a model is in a server's memory. `resident` with an `as` is what our own load made of it; without one it was found there,
 * and nobody knows with which options.
 */
export interface Residency {
  state: 'always' | 'unknown' | 'resident' | 'absent';
  /** The runner's options, as text; see {@link wantedRunner}. */
  as: string | undefined;
  /** A runner died: it stays listed until somebody asks for it, which is to be a load of ours. */
  doubted: boolean;
  /** When that was last found out by something else than a list. */
  sinceMs: number;
  /** The context that lists showed since our load. */
  context: number | undefined;
  /** What lists showed since our load where they did not show this model: names with the same weights share one runner, under one name. */
  beside: string | undefined;
}

/** A model in memory, as a server lists it. */
export interface ListedModel {
  readonly name: string;
  readonly context: number | undefined;
  readonly family: string | undefined;
}

/** What a server listed. */
export interface Listing {
  readonly models: readonly ListedModel[];
  readonly askedMs: number;
}

const ANY_RUNNER = '[]';
const RUNNER_OPTIONS = ['num_ctx', 'num_batch', 'num_gpu', 'main_gpu', 'num_thread', 'use_mmap'];

/** What of a deployment's options makes a runner: with others the model is loaded anew. */
export function runnerKey(options: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(
    RUNNER_OPTIONS.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
}

/** Nothing is known; `always` for servers that load by themselves. */
export function unknownResidency(always: boolean): Residency {
  return {
    state: always ? 'always' : 'unknown',
    as: undefined,
    doubted: false,
    sinceMs: Number.NEGATIVE_INFINITY,
    context: undefined,
    beside: undefined,
  };
}

/** Whether a request that wants a runner finds it in memory. */
export function isReady(residency: Residency, wanted: string): boolean {
  if (residency.state !== 'resident') return residency.state === 'always';
  if (residency.as !== undefined) return residency.as === wanted;
  // Found there: good enough for who wants nothing special, or the context that is seen.
  return (
    wanted === ANY_RUNNER || (residency.context !== undefined && wanted === runnerKey({ num_ctx: residency.context }))
  );
}

/** Our own load has gone well. */
export function markLoaded(residency: Residency, as: string, nowMs: number): void {
  if (residency.state === 'always') return;
  Object.assign(residency, {
    state: 'resident',
    as,
    doubted: false,
    sinceMs: nowMs,
    context: undefined,
    beside: undefined,
  });
}

/** Something else was loaded there, for which this may have had to go. */
export function markMaybeEvicted(residency: Residency, nowMs: number): void {
  if (residency.state === 'resident') Object.assign(residency, { state: 'unknown', sinceMs: nowMs });
}

/** Something went wrong there; `doubted`: what will be listed may not be so. */
export function resetResidency(residency: Residency, nowMs: number, doubted: boolean): void {
  if (residency.state !== 'always') Object.assign(residency, { ...unknownResidency(false), sinceMs: nowMs, doubted });
}

/** A server has listed what is in its memory. What was asked before something else was found out does not count; `atWork`: the model is answering. */
export function observeListing(
  residency: Residency,
  model: string,
  { models, askedMs }: Listing,
  atWork: boolean,
): void {
  if (residency.state === 'always' || askedMs < residency.sinceMs) return;
  const listed = models.find(({ name }) => isSame(name, model));
  if (listed !== undefined) {
    if (residency.doubted) return;
    // Another context is another load, by somebody else.
    if (residency.context !== undefined && residency.context !== listed.context) residency.as = undefined;
    Object.assign(residency, { state: 'resident', context: listed.context });
    return;
  }
  const beside = models
    .map(({ name }) => name)
    .toSorted()
    .join(' ');
  const mayShare =
    residency.as !== undefined &&
    residency.context === undefined &&
    beside !== '' &&
    (residency.beside ?? beside) === beside;
  // Under another name, or gone already: it is asked for first, which costs next to nothing where it is there.
  if (mayShare) Object.assign(residency, { state: atWork ? 'resident' : 'unknown', beside });
  else Object.assign(residency, { ...unknownResidency(false), state: 'absent' });
}

/** Whether two names mean one model: case does not count, `:latest` is implied, and so is where it came from. */
export function isSame(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function canonical(name: string): string {
  const bare = name
    .trim()
    .toLowerCase()
    .replace(/^registry\.ollama\.ai\//, '')
    .replace(/^library\//, '');
  return bare.lastIndexOf(':') > bare.lastIndexOf('/') ? bare : `${bare}:latest`;
}
