import { createHmac, randomBytes } from 'node:crypto';
import { debuglog } from 'node:util';
import type { Log } from './log.ts';
import type { Decision, RouteEvent } from './route/event.ts';
import {
  stepInWords,
  TRACE_VERSION,
  traceLine,
  tracedDecision,
  tracedEvent,
  type Hiding,
  type PolicySettings,
  type TracedStep,
} from './route/trace.ts';
import type { RouteObserver } from './scheduler/route-observer.ts';
import { TraceFile, type TraceLimits } from './state/trace-file.ts';

/** Sees every event of routing, and the random numbers that it draws. */
export interface RouteTrace extends RouteObserver {
  /** For policies: the numbers belong to the event that draws them. */
  readonly random: () => number;
  /** The settings of the next configuration. */
  use(policy: PolicySettings): void;
  close(): Promise<void>;
}

/**
 * The trace that the environment asks for: `HXLLM_ROUTE_TRACE=FILE` writes NDJSON, `NODE_DEBUG=hxllm:route` prints an event a line.
 * `undefined` without either, so that it costs nothing.
 */
export function routeTraceOf(
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
  limits?: Partial<TraceLimits>,
): RouteTrace | undefined {
  const path = environment['HXLLM_ROUTE_TRACE'] ?? '';
  const debug = debuglog('hxllm:route');
  if (path === '' && !debug.enabled) return undefined;
  const file = path === '' ? undefined : new TraceFile(path, log, limits);
  const hiding = hidingWith(randomBytes(16));
  let policy: PolicySettings | undefined;
  let isBegun = false;
  let drawn: number[] = [];
  const stepOf = (event: RouteEvent, decisions: readonly Decision[], t: number): TracedStep | undefined => {
    if (policy === undefined) return undefined;
    return {
      t,
      event: tracedEvent(event, policy, hiding),
      ...(drawn.length === 0 ? {} : { random: drawn }),
      ...(decisions.length === 0 ? {} : { decisions: decisions.map(tracedDecision) }),
    };
  };
  return {
    random: () => {
      const number = Math.random();
      drawn.push(number);
      return number;
    },
    use: (next) => {
      policy = next;
    },
    routed: (event, decisions, nowMs) => {
      if (file?.isOver === false || debug.enabled) {
        const step = stepOf(event, decisions, nowMs);
        if (step !== undefined && debug.enabled) debug('%s', stepInWords(step));
        if (step !== undefined && policy !== undefined && file?.isOver === false) {
          if (!isBegun && event.kind === 'reconfigured')
            file.write(
              traceLine({
                trace: 'hxllm.route',
                version: TRACE_VERSION,
                begun: new Date().toISOString(),
                policy,
                spec: event.spec,
              }),
            );
          else file.write(traceLine(step));
          isBegun = true;
        }
      }
      drawn = [];
    },
    close: async () => file?.close(),
  };
}

// The key is forgotten with the process: no name and no message can be guessed from a trace.
function hidingWith(key: Buffer): Hiding {
  const digest = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    name: (text) => digest(`name ${text}`).toString('base64url').slice(0, 12),
    hash: (hash) => digest(`hash ${String(hash)}`).readUIntBE(0, 6),
  };
}
