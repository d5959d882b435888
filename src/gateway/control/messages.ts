import { isObject, parseJson } from '../../core/json.ts';
import type { ServerFailure } from '../exchange.ts';
import type { OpenRequests, UsedMinutes } from '../limits/owner-uses.ts';
import type { AttemptResult, Observation, Rejection, SlotRequest } from '../route/event.ts';
import type { FleetSpec } from '../route/fleet-spec.ts';
import type { ForeignFacts, Holding } from '../route/holding.ts';
import type { FailedLoad } from '../scheduler/on-decision.ts';

/** The version of the messages: instances with another one do not share their slots. */
export const LINK_VERSION = 1;

/** Messages of the instance that holds slots. Requests have its own ids. */
export type HoldingMessage =
  /** All that it has: the first message. */
  | {
      readonly kind: 'holds';
      readonly facts: ForeignFacts;
      readonly leases: readonly Holding[];
      readonly waiters: readonly (readonly [request: string, SlotRequest])[];
      /** The minutes of keys and teams; an elder release does not send them. */
      readonly limits?: readonly UsedMinutes[];
    }
  /** The minutes that were used since they were told. An elder release does not send it. */
  | { readonly kind: 'used'; readonly limits: readonly UsedMinutes[] }
  /** The requests under way by key, team and user: all of them, whenever they have changed. An elder release ignores it. */
  | { readonly kind: 'open'; readonly open: readonly OpenRequests[] }
  /** Deployments that have come since. */
  | { readonly kind: 'spec'; readonly spec: FleetSpec }
  | { readonly kind: 'ask'; readonly request: string; readonly slotRequest: SlotRequest }
  | { readonly kind: 'left'; readonly request: string }
  | { readonly kind: 'started'; readonly request: string }
  | {
      readonly kind: 'released';
      readonly request: string;
      readonly result: AttemptResult;
      readonly observation: Observation | undefined;
    }
  | {
      readonly kind: 'loaded';
      readonly replica: string;
      readonly result: AttemptResult;
      readonly failure: ServerFailure | undefined;
    }
  /** A newer instance decides for it from now on. */
  | { readonly kind: 'moved' }
  /** It has nothing any more. */
  | { readonly kind: 'bye' };

/** Messages of the instance that decides. */
export type DecidingMessage =
  | { readonly kind: 'grant'; readonly holding: Holding }
  | { readonly kind: 'reject'; readonly rejection: Rejection; readonly failedLoad: FailedLoad | undefined }
  | { readonly kind: 'recall'; readonly request: string }
  /** Carry out a load that only the other configuration knows. */
  | { readonly kind: 'load'; readonly replica: string; readonly deployment: string }
  /** It decides nothing after all. */
  | { readonly kind: 'abort' };

/** A message of either side; a beat says that the sender is alive. */
export type LinkMessage = HoldingMessage | DecidingMessage | { readonly kind: 'beat' };

/** Points in time, on the clock of the process. All other times are durations. */
const INSTANTS = new Set(['sinceMs', 'assignedMs', 'untilMs']);

/** Writes a message. `originMs`: the time of the machine at which the clock of this process was 0. */
export function writeMessage(message: LinkMessage, originMs: number): string {
  return JSON.stringify(message, (key, value: unknown) => {
    if (typeof value !== 'number') return value;
    if (!Number.isFinite(value)) return String(value);
    return INSTANTS.has(key) ? value + originMs : value;
  });
}

/** Reads a message; `undefined` if it is none. */
export function readMessage(line: string, originMs: number): LinkMessage | undefined {
  const found = parseJson(line);
  if (!isObject(found) || typeof found['kind'] !== 'string') return undefined;
  // Both sides are this program, and have said so by the version of their link.
  return revived(found, originMs) as LinkMessage;
}

function revived(value: unknown, originMs: number, key = ''): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => revived(one, originMs));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, revived(one, originMs, name)]));
  if (typeof value === 'number' && INSTANTS.has(key)) return value - originMs;
  if (key.endsWith('Ms') && (value === 'Infinity' || value === '-Infinity')) return Number(value);
  return value;
}

/** The time of the machine at which the clock of this process was 0, ms: all processes have the monotonic clock in common. */
export function processOriginMs(): number {
  return Number(process.hrtime.bigint()) / 1e6 - performance.now();
}
