import { durationText } from '../../core/duration-text.ts';
import type { RequestRecord } from '../request-context.ts';
import type { Assignment, Rejection } from '../route/event.ts';
import { queueLength, type Queue, type Waiter } from '../route/queue.ts';
import type { LoadFacts, Victim } from '../route/replica.ts';
import { asciiName } from './litellm-headers.ts';

type RoutedRecord = Pick<RequestRecord, 'route' | 'reason' | 'group' | 'backend' | 'attempts' | 'failure'>;

/** A shorter wait is none, ms. */
const LEAST_WAIT_MS = 5;
const MOST_NAME = 80;

/** The strategies' choices among several free servers. */
const CHOICES: Readonly<Record<string, string>> = {
  fleet: 'least time',
  'least-busy': 'least busy',
  'simple-shuffle': 'by weight',
  'latency-based-routing': 'fastest',
  'usage-based-routing': 'least used',
};

const REFITS = {
  grown: ', after its prompt did not fit in a shorter context',
  cut: ', with its prompt cut to fit',
} as const;

const REJECTIONS: Readonly<Record<Rejection['reason'], string>> = {
  'no-backend': 'refused, no server of this model can answer',
  'rate-limited': 'refused, every server has reached its rate limit',
  'queue-full': 'refused, the queue is full',
  'queue-timeout': 'refused, no slot came free in time',
};

/**
 * The text of `x-hxllm-route`, in ASCII: the way of a request in words. It holds names and numbers of the gateway's own, and no
 * text of a client. Made once for a response, and by concatenation alone: it takes less than 1 µs.
 */
export function routeWords(record: RoutedRecord): string | undefined {
  const { route, reason, group = '' } = record;
  if (route === undefined) return undefined;
  const { decision, failedAttempts, refit, insideMs, isBatch } = route;
  const from = reason?.startsWith('fallback/') === true ? `fallback/${shortName(group)}, ` : '';
  if (decision === 'resident') return `${from}resident, no slot needed`;
  const after =
    failedAttempts === 0 ? '' : `, after ${String(failedAttempts)} failed attempt${failedAttempts === 1 ? '' : 's'}`;
  const takenBack = insideMs === 0 ? '' : `taken back after ${durationText(insideMs)} without a first token, `;
  const words = decision.kind === 'reject' ? rejected(decision, isLoadFailed(record)) : assigned(decision, isBatch);
  return from + takenBack + words + (refit === undefined ? '' : REFITS[refit]) + after;
}

// A request without an attempt has a server only if a load for it failed there (`recordFailedLoad`).
function isLoadFailed({ attempts, backend, failure }: RoutedRecord): boolean {
  return attempts === 0 && backend !== undefined && failure !== 'backend_unreachable';
}

/** The same for a request that waits, and whose stream has to begin all the same. */
export function waitingWords(queue: Queue, { sinceMs }: Pick<Waiter, 'sinceMs'>, nowMs: number): string {
  const others = queueLength(queue) - 1;
  const wanted = queue.loadingSinceMs === undefined ? 'slot' : 'load';
  return `still waiting for a ${wanted} after ${durationText(nowMs - sinceMs)}${othersWait(others)}`;
}

function assigned({ lease, reason, loadMs, waitedMs, load, free }: Assignment, isBatch: boolean): string {
  const { replica, position, slotsTaken, slotCount } = lease;
  let words =
    waitedMs < LEAST_WAIT_MS ? '' : `waited ${durationText(waitedMs)} for a slot${isBatch ? ' as a batch' : ''}, `;
  if (load !== undefined) words += loaded(lease.backend.url, load, loadMs);
  else words += replica.residency.state === 'always' ? 'the server manages its own memory' : 'resident';
  if (slotCount === Infinity) words += `, ${grouped(position)} request${position === 1 ? '' : 's'} in flight`;
  else if (slotsTaken > slotCount) words += `, trying slot ${grouped(slotsTaken)}, ${grouped(slotCount)} known so far`;
  else words += `, ${grouped(slotsTaken)} of ${grouped(slotCount)} slot${slotCount === 1 ? '' : 's'}`;
  // The cache of other servers is unknown.
  if (replica.residency.state !== 'always') words += prefixOf(lease);
  return free > 1 ? `${words}, ${CHOICES[reason] ?? reason} of ${String(free)} free servers` : words;
}

// Estimates, made with the same measure; the alias's own factor gives tokens.
function prefixOf({ covered, estimate: { promptTokens, prefix } }: Assignment['lease']): string {
  const whole = prefix[prefix.length - 1]?.tokens ?? 0;
  if (whole === 0) return '';
  const tokens = Math.max(1, Math.round(promptTokens));
  const part = Math.round(Math.min(1, covered / whole) * tokens);
  return `, prefix ${grouped(part)} of ${grouped(tokens)} token${tokens === 1 ? '' : 's'}`;
}

function loaded(url: string, { victims }: LoadFacts, loadMs: number): string {
  const [first] = victims;
  const replaced = first === undefined ? '' : `, replacing ${victimText(first)}${furtherVictims(victims.length - 1)}`;
  return `loaded on ${serverName(url)}${replaced}${loadMs < LEAST_WAIT_MS ? '' : `, waited ${durationText(loadMs)} for that`}`;
}

function victimText({ model, idleMs }: Victim): string {
  return `${shortName(model)}${idleMs === undefined || idleMs < 1000 ? '' : `, idle ${durationText(idleMs)}`}`;
}

function furtherVictims(count: number): string {
  return count === 0 ? '' : ` and ${String(count)} more`;
}

function rejected({ reason, waitedMs, loadMs, ahead }: Rejection, isUnloadable: boolean): string {
  const words = isUnloadable ? 'refused, its model could not be loaded' : REJECTIONS[reason];
  const waited = waitedMs < LEAST_WAIT_MS ? '' : `, waited ${durationText(waitedMs)}`;
  const loads = loadMs < LEAST_WAIT_MS ? '' : `, ${waited === '' ? 'waited' : 'and'} ${durationText(loadMs)} for loads`;
  return `${words}${waited}${isUnloadable ? '' : loads}${reason === 'no-backend' ? '' : othersWait(ahead)}`;
}

function othersWait(count: number): string {
  return count <= 0 ? '' : `, ${grouped(count)} other${count === 1 ? ' waits' : 's wait'}`;
}

/** The name of a server: its host, and its port if that is not Ollama's. */
function serverName(url: string): string {
  const start = url.indexOf('://') + 3;
  const end = url.indexOf('/', start);
  const authority = end === -1 ? url.slice(start) : url.slice(start, end);
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return shortName(host.endsWith(':11434') ? host.slice(0, -6) : host);
}

function shortName(name: string): string {
  return asciiName(name.length > MOST_NAME ? `${name.slice(0, MOST_NAME)}...` : name);
}

/** A whole number, with a comma before each three digits. Intl takes some microseconds. */
function grouped(count: number): string {
  const text = String(count);
  if (text.length <= 3 || count >= 1e21) return text;
  let from = text.length % 3;
  let words = text.slice(0, from);
  for (; from < text.length; from += 3) words += `${words === '' ? '' : ','}${text.slice(from, from + 3)}`;
  return words;
}
