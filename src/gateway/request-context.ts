import { errorStack } from '../core/error.ts';
import { timeOrderedId } from '../core/id.ts';
import type { BudgetHold } from './limits/budgets.ts';
import type { IncomingMessage } from 'node:http';
import type { ClientDialect, Endpoint } from './client-dialect.ts';
import type { Usage } from './exchange.ts';
import type { BodyBudget, BodyHolder } from './http/body-budget.ts';
import type { LinedResponse } from './http/lined-response.ts';
import type { ClientKey } from './keys/client-key.ts';
import type { CountedRequest } from './limits/limiter.ts';
import type { Assignment, Rejection } from './route/event.ts';
import type { Lease } from './route/fleet.ts';
import type { Service } from './service.ts';
import type { OpenUsage } from './usage/usage-recorder.ts';

/** Longest stack that is logged, characters. */
const MAX_STACK_LENGTH = 2000;

/** The kinds of limits of a key that refuse a request. */
export type LimitKind = 'requests' | 'tokens' | 'parallel' | 'budget';

/** How a request ended, as the log and the metrics say it. */
export type Ended = 'answered' | 'refused' | 'failed' | 'cut' | 'client-left' | 'client-too-slow';

/** The last decision about a request, after failed attempts; `resident`: it only wanted its model in memory, where it was. */
export interface RouteFacts {
  readonly decision: Assignment | Rejection | 'resident';
  readonly failedAttempts: number;
  /** Its prompt did not fit in a context: it goes to a longer one, or is cut. */
  readonly refit: 'grown' | 'cut' | undefined;
  /** Time in servers from which the request was taken back before they had begun to answer, ms. */
  readonly insideMs: number;
  /** It yields to other requests. */
  readonly isBatch: boolean;
}

/** Facts about one request, filled in on its way and logged when it ends. It never holds the words of the client or the model. */
export interface RequestRecord {
  caller: string | undefined;
  /** The user whom the key asks for, as the request names it. */
  user: string | undefined;
  /** Its key is the one before a rotation. */
  previousKey: true | undefined;
  /** The model as asked for. */
  alias: string | undefined;
  stream: boolean | undefined;
  /** The last deployment that was tried. */
  model: string | undefined;
  /** Its id, as `/model/info` lists it. */
  modelId: string | undefined;
  /** The alias that it serves: the one asked for, or a fallback. */
  group: string | undefined;
  /** Its backend, as the configuration file writes it. */
  backend: string | undefined;
  /** Its backend as the gateway names it: one name for each server. */
  server: string | undefined;
  reason: string | undefined;
  /** The facts that `x-hxllm-route` tells. */
  route: RouteFacts | undefined;
  /** Parameters that the client set and that have no effect, by their names in the client's dialect. */
  readonly ignoredParams: Set<string>;
  /** The server cut the prompt. */
  truncated: boolean | undefined;
  /** The context that has grown, as the header says it. */
  context: string | undefined;
  attempts: number;
  /** From the first request for a slot to the last slot, ms: failed attempts in between count, loads do not. With several subrequests: of the last one. */
  queueMs: number | undefined;
  /** Code or kind of the last failure. */
  failure: string | undefined;
  /** The server's words, if its client gets others. */
  failureText: string | undefined;
  usage: Usage | undefined;
  /** Why a complete response ended; of several subrequests the last one. */
  finish: 'stop' | 'length' | 'tool-calls' | undefined;
  /** The kind of limit that refused it. */
  limitedBy: LimitKind | undefined;
  /** The owners of budgets that it is spent by, and the beginnings of their periods, as JSON. */
  spentBy: BudgetHold['spentBy'] | undefined;
  /** The costs of attempts that did not come to their end: of the part that was passed on. */
  parts: readonly Usage[] | undefined;
  /** Wait for a load, ms. */
  loadMs: number | undefined;
  /** From the start of the request to the start of the last attempt, ms. */
  askedMs: number | undefined;
  /** From the start of the request to the first content, ms. */
  firstMs: number | undefined;
  /** An error of the gateway itself that this request met, with its stack. */
  error: string | undefined;
  ended: Ended | undefined;
  /** The status, if the response was written to the socket itself. */
  status: number | undefined;
}

/** The response of a model that is under way. */
export interface RunningResponse {
  /** Ends it with an error that says why. */
  cut(): void;
  /** The slots that it has. */
  leases(): readonly Lease[];
}

/** One request on its way through the gateway, from its headers to the end of its response. */
export interface RequestContext extends BodyHolder {
  /** The gateway's own id, sent as `x-request-id`. */
  readonly id: string;
  /** The client's id, from `x-client-request-id`; `undefined` if it is missing or not printable ASCII of at most 128 characters. */
  readonly clientId: string | undefined;
  readonly method: string;
  /** Without the query and without texts of keys, at most 500 characters. */
  readonly path: string;
  /** On the clock of `performance.now()`. */
  readonly startedMs: number;
  readonly incoming: IncomingMessage;
  readonly outgoing: LinedResponse;
  /**
   * Headers of every response to the request. They go out with all others: `setHeader` for each takes 0.2 µs, and makes `writeHead` set all
   * others so too.
   */
  readonly headers: Record<string, string>;
  /**
   * The service of the configuration that was current at the start: a reload does not change a running request. Only a name that was
   * unknown then gets a later one.
   */
  service: Service;
  /** The client's API, known from the path. */
  readonly dialect: ClientDialect;
  /** The endpoint of the path, if that stands in the table of endpoints as it is. */
  readonly endpoint: Endpoint | undefined;
  readonly record: RequestRecord;
  /** The client's key; `undefined` before authentication, for the master key and without keys. */
  key: ClientKey | undefined;
  /** The request counts for limits of its key; set if there are any. */
  admission: CountedRequest | undefined;
  /** Set from its first attempt, if its usage is recorded. */
  usage: OpenUsage | undefined;
  /** The bodies of all requests under way. */
  readonly bodies: BodyBudget;
  /** Asks the client for its body: set if the client waits for that (`Expect: 100-continue`). */
  askForBody?: () => void;
  /** Set from the start of a response of a model. */
  response?: RunningResponse;
  /** Called when the client has left or has all of its response, before the log line: one listener for all takes less than one each. */
  leave?: () => void;
}

/** Hono's environment: the context is at `c.env`. */
export interface GatewayEnv {
  readonly Bindings: RequestContext;
}

/** Starts a context; from here on every response to the request carries its id. `nowMs` is on the clock of `performance.now()`. */
export function openContext(
  incoming: IncomingMessage,
  outgoing: LinedResponse,
  service: Service,
  routeOf: (path: string, headers: IncomingMessage['headers']) => Pick<RequestContext, 'dialect' | 'endpoint'>,
  nowMs: number,
  bodies: BodyBudget,
): RequestContext {
  const id = newRequestId();
  const clientId = printableId(incoming.headers['x-client-request-id']);
  const { url = '' } = incoming;
  const queryAt = url.indexOf('?');
  const path = withoutKeyTexts((queryAt === -1 ? url : url.slice(0, queryAt)).slice(0, 500));
  const { dialect, endpoint } = routeOf(path, incoming.headers);
  const headers: Record<string, string> = { 'x-request-id': id };
  if (clientId !== undefined) headers['x-client-request-id'] = clientId;
  if (dialect.idHeader !== undefined) headers[dialect.idHeader] = id;
  const method = incoming.method ?? '';
  const startedMs = nowMs;
  return {
    id,
    clientId,
    method,
    path,
    startedMs,
    incoming,
    outgoing,
    headers,
    service,
    dialect,
    endpoint,
    // All fields stand from the start: V8 changes the shape of an object with each new one.
    record: {
      attempts: 0,
      ignoredParams: new Set(),
      caller: undefined,
      user: undefined,
      previousKey: undefined,
      alias: undefined,
      stream: undefined,
      model: undefined,
      modelId: undefined,
      group: undefined,
      backend: undefined,
      server: undefined,
      reason: undefined,
      route: undefined,
      truncated: undefined,
      context: undefined,
      queueMs: undefined,
      failure: undefined,
      failureText: undefined,
      usage: undefined,
      finish: undefined,
      limitedBy: undefined,
      spentBy: undefined,
      parts: undefined,
      loadMs: undefined,
      askedMs: undefined,
      firstMs: undefined,
      error: undefined,
      ended: undefined,
      status: undefined,
    },
    key: undefined,
    admission: undefined,
    usage: undefined,
    bodies,
    bodyBytes: 0,
  };
}

/** Notes an error of the gateway itself for the log line of its request. The first one is kept: others may follow from it. */
export function noteError({ record }: Pick<RequestContext, 'record'>, error: unknown): void {
  record.error ??= errorStack(error).slice(0, MAX_STACK_LENGTH);
}

/** Calls such as `/key/{key}/regenerate` have a key in their path, and the path goes into the log. */
const KEY_TEXT = /(^|[^a-z]|%2f)sk-[^/]*/gi;

function withoutKeyTexts(path: string): string {
  return path.includes('sk-') ? path.replaceAll(KEY_TEXT, '$1sk-...') : path;
}

/** Makes a request id: `req_` and the 32 hexadecimal digits of a UUIDv7, under which its usage is stored. */
export function newRequestId(): string {
  return `req_${timeOrderedId(Date.now())}`;
}

function printableId(given: string | readonly string[] | undefined): string | undefined {
  return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : undefined;
}
