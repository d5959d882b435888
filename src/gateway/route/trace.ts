import type { RoutingStrategy } from '../../core/routing-strategy.ts';
import type { Decision, RouteEvent, Unload } from './event.ts';
import type { Lease } from './fleet.ts';
import type { FleetSpec } from './fleet-spec.ts';
import type { PolicyOptions } from './policies.ts';
import type { Work } from './work.ts';

/** The version of the format: another one cannot be read. */
export const TRACE_VERSION = 1;

/** The parts of a policy that a configuration states. */
export interface PolicySettings extends Omit<PolicyOptions, 'random'> {
  readonly strategy: RoutingStrategy | undefined;
}

/** The first line of a trace. */
export interface TraceHeader {
  readonly trace: 'hxllm.route';
  readonly version: number;
  /** When it began, as ISO 8601. */
  readonly begun: string;
  readonly policy: PolicySettings;
  readonly spec: FleetSpec;
}

/** An event in JSON: a lease is the id of its request. */
export type TracedEvent =
  | Exclude<RouteEvent, { kind: 'started' | 'released' | 'resized' | 'reconfigured' }>
  | { readonly kind: 'started'; readonly lease: string }
  | (Omit<Extract<RouteEvent, { kind: 'released' }>, 'lease'> & { readonly lease: string })
  | { readonly kind: 'resized'; readonly runnerKeys: readonly (readonly [string, string])[]; readonly load: boolean }
  | { readonly kind: 'reconfigured'; readonly spec: FleetSpec; readonly policy: PolicySettings };

/** A decision in JSON. */
export type TracedDecision =
  | { readonly assign: string; readonly to: string; readonly reason: string; readonly loadMs: number }
  | { readonly reject: string; readonly reason: string; readonly retryAfterMs: number }
  | { readonly recall: string }
  | { readonly load: string; readonly deployment: string }
  | { readonly unload: string; readonly backend: string; readonly reason?: Unload['reason'] }
  | { readonly test: string; readonly deployment: string }
  | { readonly recallAll: string };

/** A line of a trace: an event, its time, the random numbers that were drawn for it, and its decisions. */
export interface TracedStep {
  readonly t: number;
  readonly event: TracedEvent;
  readonly random?: readonly number[];
  readonly decisions?: readonly TracedDecision[];
}

/** Hides callers and the hashes of messages: equal ones stay equal within a trace. */
export interface Hiding {
  readonly name: (text: string) => string;
  readonly hash: (hash: number) => number;
}

/** An event for a trace. */
export function tracedEvent(event: RouteEvent, policy: PolicySettings, hiding: Hiding): TracedEvent {
  switch (event.kind) {
    case 'adopted':
      return { ...event, work: hiddenWork(event.work, hiding) };
    case 'arrived':
      return event.work === undefined ? event : { ...event, work: hiddenWork(event.work, hiding) };
    case 'started':
      return { kind: 'started', lease: event.lease.request };
    case 'released':
      return { ...event, lease: event.lease.request };
    case 'resized':
      return { ...event, runnerKeys: [...event.runnerKeys] };
    case 'reconfigured':
      return { ...event, policy };
    case 'left':
    case 'probed':
    case 'listed':
    case 'loaded':
    case 'tested':
    case 'delegated':
    case 'told':
    case 'ticked':
      return event;
  }
}

/** An event of a trace; `undefined` if its lease is not known. */
export function untracedEvent(event: TracedEvent, leases: ReadonlyMap<string, Lease>): RouteEvent | undefined {
  switch (event.kind) {
    case 'started':
    case 'released': {
      const lease = leases.get(event.lease);
      return lease === undefined ? undefined : { ...event, lease };
    }
    case 'resized':
      return { ...event, runnerKeys: new Map(event.runnerKeys) };
    case 'reconfigured':
      return { kind: event.kind, spec: event.spec };
    case 'arrived':
    case 'left':
    case 'probed':
    case 'listed':
    case 'loaded':
    case 'tested':
    case 'delegated':
    case 'adopted':
    case 'told':
    case 'ticked':
      return event;
  }
}

/** A decision for a trace. */
export function tracedDecision(decision: Decision): TracedDecision {
  switch (decision.kind) {
    case 'assign': {
      const { request, lease, reason, loadMs } = decision;
      return { assign: request, to: lease.deployment.id, reason, loadMs };
    }
    case 'reject':
      return { reject: decision.request, reason: decision.reason, retryAfterMs: decision.retryAfterMs };
    case 'recall':
      return { recall: decision.trial };
    case 'load':
      return { load: decision.replica, deployment: decision.deployment };
    case 'unload':
      return { unload: decision.model, backend: decision.backend, reason: decision.reason };
    case 'test':
      return { test: decision.replica, deployment: decision.deployment };
    case 'recall-all':
      return { recallAll: decision.replica };
  }
}

/** A line of a trace; JSON knows no infinity. */
export function traceLine(line: TraceHeader | TracedStep): string {
  return JSON.stringify(line, (key, value: unknown) => (isTime(key) && value === Infinity ? 'Infinity' : value));
}

/** The document of a line; throws a SyntaxError if it is no JSON. */
export function parseTraceLine(line: string): unknown {
  return JSON.parse(line, (key, value: unknown) => (isTime(key) && value === 'Infinity' ? Infinity : value));
}

/** An event and its decisions in a few words, for people. */
export function stepInWords({ t, event, decisions = [] }: TracedStep): string {
  const subject =
    event.kind === 'arrived'
      ? `${event.request} for ${event.queue}`
      : 'request' in event
        ? event.request
        : 'lease' in event
          ? event.lease
          : 'backend' in event
            ? event.backend
            : 'replica' in event
              ? event.replica
              : '';
  const result = 'result' in event ? ` ${event.result}` : '';
  const words = decisions.map((one) => {
    if ('assign' in one) return `assign ${one.assign} to ${one.to} (${one.reason})`;
    if ('reject' in one) return `reject ${one.reject} (${one.reason})`;
    if ('recall' in one) return `recall ${one.recall}`;
    if ('test' in one) return `test ${one.deployment}`;
    if ('recallAll' in one) return `recall all of ${one.recallAll}`;
    return 'load' in one
      ? `load ${one.deployment}`
      : `unload ${one.unload} on ${one.backend}${one.reason === undefined ? '' : ` (${one.reason})`}`;
  });
  return `${t.toFixed(1)} ms ${[event.kind, subject].filter((word) => word !== '').join(' ')}${result}: ${words.length === 0 ? 'nothing' : words.join(', ')}`;
}

function hiddenWork(work: Work, { name, hash }: Hiding): Work {
  const { key, user, prefix } = work;
  return {
    ...work,
    key: key === '' ? '' : name(key),
    user: user === undefined || user === '' ? user : name(user),
    prefix: prefix.map((link) => ({ ...link, hash: hash(link.hash) })),
  };
}

function isTime(key: string): boolean {
  return key.endsWith('Ms');
}
