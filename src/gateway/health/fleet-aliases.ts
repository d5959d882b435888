import { withoutKeys } from '../../core/without-keys.ts';
import type { FleetAlias, FleetCaller } from '../../schema/fleet-document.ts';
import type { Band } from '../route/band.ts';
import { arrivalRate, createDemand } from '../route/demand.ts';
import type { Fleet } from '../route/fleet.ts';
import type { Flow } from '../route/flow.ts';
import { valuesOf } from '../route/list.ts';
import { oldestSinceMs, queueLength, type BANDS, type Queue, type Waiter } from '../route/queue.ts';

const MOST_CALLERS = 10;
/** Longest name of a caller that is shown, characters. */
const MOST_NAME = 64;

/** The names of the aliases of `/fleet`, those with most waiters first; the others in the order of their first request. */
export function fleetAliasNames({ queues, demands }: Fleet): readonly string[] {
  const waiting = new Map<string, number>();
  for (const queue of queues.values()) waiting.set(queue.name, (waiting.get(queue.name) ?? 0) + queueLength(queue));
  const busy = [...waiting].toSorted(([, a], [, b]) => b - a).map(([name]) => name);
  return [...busy, ...[...demands.keys()].filter((name) => !waiting.has(name))];
}

/** An alias, for `/fleet`. After a reload it may have two queues. `isKey`: whether a client's word is a key of the gateway. */
export function fleetAlias(
  { queues, demands }: Fleet,
  name: string,
  isKey: (word: string) => boolean,
  nowMs: number,
): FleetAlias {
  const own = [...queues.values()].filter((queue) => queue.name === name);
  const countIn = (band: (typeof BANDS)[number]): number => own.reduce((sum, queue) => sum + queue[band].all.size, 0);
  const demand = demands.get(name) ?? createDemand(nowMs);
  const oldestMs = Math.min(...own.map(oldestSinceMs));
  const { shown, leftOut } = callersOf(own, isKey);
  return {
    alias: name,
    waiting: own.reduce((sum, queue) => sum + queueLength(queue), 0),
    ...(Number.isFinite(oldestMs) ? { oldest_ms: Math.max(0, Math.round(nowMs - oldestMs)) } : {}),
    on_time: countIn('onTime'),
    late: countIn('late'),
    batch: countIn('batch'),
    retries: countIn('retries'),
    waits_for_load: own.some(({ loadingSinceMs }) => loadingSinceMs !== undefined),
    callers: shown,
    callers_left_out: leftOut,
    requests_per_s: Math.round(arrivalRate(demand, nowMs) * 1000) / 1000,
    prompt_tokens: Math.round(demand.promptTokens),
    cached_share: Math.round(demand.coveredShare * 100) / 100,
    response_tokens: Math.round(demand.outTokens),
  };
}

interface Counted {
  readonly flow: Flow;
  people: number;
  batch: number;
}

function callersOf(
  queues: readonly Queue[],
  isKey: (word: string) => boolean,
): { readonly shown: readonly FleetCaller[]; readonly leftOut: number } {
  const counts = new Map<Flow, Counted>();
  for (const queue of queues) {
    // Retries are grouped by what they have tried: there are few.
    for (const waiter of valuesOf(queue.retries.all)) count(counts, waiter, 1);
    for (const band of ['onTime', 'late', 'batch'] as const) countGroups(counts, queue[band]);
  }
  const first = [...counts.values()]
    .toSorted((a, b) => b.people + b.batch - (a.people + a.batch))
    .slice(0, MOST_CALLERS);
  return {
    shown: first.map(({ flow, people, batch }) => ({ ...nameOf(flow, isKey), people, batch })),
    leftOut: counts.size - first.length,
  };
}

function countGroups(counts: Map<Flow, Counted>, { groups }: Band<Waiter>): void {
  for (const group of groups.values()) {
    const { first, size } = group;
    if (first !== undefined) count(counts, first.value, size);
  }
}

function count(counts: Map<Flow, Counted>, { flow, batch }: Waiter, requests: number): void {
  let known = counts.get(flow);
  if (known === undefined) {
    known = { flow, people: 0, batch: 0 };
    counts.set(flow, known);
  }
  known[batch ? 'batch' : 'people'] += requests;
}

// The key's own name, and the word that the client gave for its user: it may be anything.
function nameOf(
  { id, owner }: Flow,
  isKey: (word: string) => boolean,
): Pick<FleetCaller, 'key' | 'user' | 'newcomers'> {
  const end = id.indexOf('\n');
  const key = id.slice(0, end);
  if (id === owner.newcomers?.id) return { key, newcomers: true };
  const user = id.slice(end + 1);
  if (user === '') return { key };
  return {
    key,
    user: isKey(user)
      ? '[key]'
      : withoutKeys(user)
          .slice(0, MOST_NAME)
          .replaceAll(/\p{Cc}/gu, '?')
          .toWellFormed(),
  };
}
