import type { JobGroup } from './on-time.ts';
import type { Work } from './work.ts';

/** The servers' time that a caller has had, as in start-time fair queueing. */
export interface Flow extends JobGroup {
  readonly id: string;
  readonly owner: KeyFlows;
  /** Seconds; the caller that has had least goes first. */
  virtualS: number;
  /** Its requests that wait or run. */
  live: number;
  /** Mean tokens of its responses, by alias. */
  readonly outTokens: Map<string, number>;
}

/** The flows of one key. */
export interface KeyFlows {
  readonly all: Flows;
  virtualS: number;
  live: number;
  /** The time of its flow that was served last. */
  clockS: number;
  /** Requests of names that were not seen before share one flow, so that a name for each request gains nothing. */
  newcomers: Flow | undefined;
  /** By the user's name, the one that asked last at the end; `undefined` after its first request. */
  readonly users: Map<string, Flow | undefined>;
  /** The last of them. */
  newest: string | undefined;
}

/** The flows of all keys. */
export interface Flows {
  readonly keys: Map<string, KeyFlows>;
  /** The time of the key that was served last. */
  clockS: number;
  /** The two callers that asked last. */
  last: Asked | undefined;
  before: Asked | undefined;
}

interface Asked {
  readonly flow: Flow;
  readonly atMs: number;
}

/** The lead that a caller keeps while it is away, s of a server: a long response does not put it behind a caller that never stops. */
const MOST_LEAD_S = 10;
/** Names that are remembered for a key, aliases for a caller, and keys. */
const MOST_USERS = 64;
const MOST_ALIASES = 32;
const MOST_KEYS = 10_000;

/** No caller is known. */
export function createFlows(): Flows {
  return { keys: new Map(), clockS: 0, last: undefined, before: undefined };
}

/** The flow of a request's caller. */
export function flowOf(flows: Flows, { key, user = '' }: Pick<Work, 'key' | 'user'>): Flow {
  const owner = flows.keys.get(key) ?? openKey(flows, key);
  // Time in which a caller was away is hardly made up for.
  if (owner.live === 0) owner.virtualS = Math.max(owner.virtualS, flows.clockS - MOST_LEAD_S);
  const flow = userOf(owner, key, user);
  if (flow.live === 0) flow.virtualS = Math.max(flow.virtualS, owner.clockS - MOST_LEAD_S);
  return flow;
}

/** Records that a caller has asked. */
export function observeCaller(flow: Flow, atMs: number): void {
  const { all } = flow.owner;
  if (all.last?.flow !== flow) all.before = all.last;
  all.last = { flow, atMs };
}

/** Whether another caller has asked since. */
export function hasOthers(flow: Flow, sinceMs: number): boolean {
  const { last, before } = flow.owner.all;
  const other = last?.flow === flow ? before : last;
  return other !== undefined && other.atMs >= sinceMs;
}

/** Charges a caller that is served, seconds of a server. */
export function charge(flow: Flow, priceS: number): void {
  const { owner } = flow;
  owner.clockS = Math.max(owner.clockS, flow.virtualS);
  owner.all.clockS = Math.max(owner.all.clockS, owner.virtualS);
  correct(flow, priceS);
}

/** Corrects an earlier charge. */
export function correct(flow: Flow, byS: number): void {
  flow.virtualS += byS;
  flow.owner.virtualS += byS;
}

/** Counts a request that begins to wait or to run, or, with -1, one that has ended. */
export function countLive(flow: Flow, change: 1 | -1): void {
  flow.live += change;
  flow.owner.live += change;
}

/** Records the tokens of a response. */
export function observeOutTokens({ outTokens }: Flow, alias: string, tokens: number): void {
  const known = outTokens.get(alias);
  // The alias that was used last is at the end.
  if (outTokens.size > 1) outTokens.delete(alias);
  outTokens.set(alias, known === undefined ? tokens : known + 0.08 * (tokens - known));
  if (outTokens.size > MOST_ALIASES) outTokens.delete([...outTokens.keys()][0] ?? '');
}

/** Whether a caller goes before another: the key that has had least, then the user that has had least. */
export function goesFirst(a: Flow, b: Flow): boolean {
  return a.owner === b.owner ? a.virtualS < b.virtualS : a.owner.virtualS < b.owner.virtualS;
}

/** Seconds of a server that a caller has had more than another, by the order of {@link goesFirst}. */
export function leadS(a: Flow, b: Flow): number {
  return a.owner === b.owner ? a.virtualS - b.virtualS : a.owner.virtualS - b.owner.virtualS;
}

function openKey(all: Flows, key: string): KeyFlows {
  const owner: KeyFlows = {
    all,
    virtualS: 0,
    live: 0,
    clockS: 0,
    newcomers: undefined,
    users: new Map(),
    newest: undefined,
  };
  all.keys.set(key, owner);
  if (all.keys.size > MOST_KEYS) forgetOne(all.keys);
  return owner;
}

function userOf(owner: KeyFlows, key: string, user: string): Flow {
  const { users } = owner;
  const isKnown = users.has(user) || user === '';
  const known = users.get(user);
  const flow = known ?? (isKnown ? openFlow(owner, `${key}\n${user}`) : newcomersOf(owner, key));
  if (owner.newest !== user || known === undefined) {
    users.delete(user);
    users.set(user, flow === owner.newcomers ? undefined : flow);
    owner.newest = user;
    if (users.size > MOST_USERS) forgetOne(users);
  }
  return flow;
}

// New names that come while no other one has a request begin at the mean again.
function newcomersOf(owner: KeyFlows, key: string): Flow {
  const flow = (owner.newcomers ??= openFlow(owner, `${key}\n\n`));
  if (flow.live === 0) flow.virtualS = Math.max(flow.virtualS, meanS(owner));
  return flow;
}

// It begins at the mean of its key, and not before the names that came with it.
function openFlow(owner: KeyFlows, id: string): Flow {
  const virtualS = Math.max(owner.newcomers?.virtualS ?? 0, meanS(owner));
  return { id, owner, virtualS, live: 0, outTokens: new Map(), jobGroup: -1 };
}

function meanS({ users }: KeyFlows): number {
  let [sum, count] = [0, 0];
  for (const flow of users.values()) {
    if (flow === undefined) continue;
    sum += flow.virtualS;
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}

function forgetOne(known: Map<string, { readonly live: number } | undefined>): void {
  for (const [name, flow] of known)
    if (flow === undefined || flow.live === 0) {
      known.delete(name);
      return;
    }
}
