import { isObject, type Json } from '../../core/json.ts';

/**
 * The life of an instance. `starting`: it looks for others; `standby`: it has the listener and accepts nothing; `serving`: it accepts;
 * `draining`: it ends what it has. `silent`: its socket takes connections, and nothing answers.
 */
export type InstanceState = 'starting' | 'standby' | 'serving' | 'draining' | 'silent';

/** An instance as it shows itself. Times are ISO 8601. */
export interface InstanceStatus {
  readonly instance: string;
  readonly pid: number | undefined;
  readonly state: InstanceState;
  /** When its state began, and when the instance was started. */
  readonly since: string | undefined;
  readonly started: string | undefined;
  /** The version of hxllm that it is of. */
  readonly version: string | undefined;
  /** Requests without a complete response; of these the ones whose response has begun; requests that wait for a slot. */
  readonly open_requests: number;
  readonly streams: number;
  readonly waiting: number;
  readonly connections: number;
  /** When it cuts what still runs. */
  readonly drain_ends_at: string | undefined;
}

const STATES: readonly InstanceState[] = ['starting', 'standby', 'serving', 'draining'];

/** Reads the status that an instance has sent. */
export function readStatus(document: unknown): InstanceStatus | undefined {
  if (!isObject(document)) return undefined;
  const { instance, pid } = document;
  const state = STATES.find((one) => one === document['state']);
  if (typeof instance !== 'string' || typeof pid !== 'number' || state === undefined) return undefined;
  return {
    instance,
    pid,
    state,
    since: textIn(document, 'since'),
    started: textIn(document, 'started'),
    version: textIn(document, 'version'),
    open_requests: numberIn(document, 'open_requests'),
    streams: numberIn(document, 'streams'),
    waiting: numberIn(document, 'waiting'),
    connections: numberIn(document, 'connections'),
    drain_ends_at: textIn(document, 'drain_ends_at'),
  };
}

/** The status of an instance that does not answer. */
export function silentStatus(instance: string): InstanceStatus {
  return {
    instance,
    pid: undefined,
    state: 'silent',
    since: undefined,
    started: undefined,
    version: undefined,
    open_requests: 0,
    streams: 0,
    waiting: 0,
    connections: 0,
    drain_ends_at: undefined,
  };
}

/** Compares by age, the eldest first. */
export function byAge(
  a: Pick<InstanceStatus, 'instance' | 'started'>,
  b: Pick<InstanceStatus, 'instance' | 'started'>,
): number {
  return (a.started ?? '').localeCompare(b.started ?? '') || a.instance.localeCompare(b.instance);
}

function textIn(document: Json, name: string): string | undefined {
  const value = document[name];
  return typeof value === 'string' ? value : undefined;
}

function numberIn(document: Json, name: string): number {
  const value = document[name];
  return typeof value === 'number' ? value : 0;
}
