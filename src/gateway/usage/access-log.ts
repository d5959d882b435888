import type { Ended, RequestContext } from '../request-context.ts';
import { shownName } from './shown-name.ts';

// Probes and scrapes come every few seconds.
const FREQUENT = /^\/(?:health(?:\/.*)?|metrics|fleet)$/;

/** Whether a request has a line: each but a successful probe or scrape, unless that uses the key before a rotation. */
export function isLogged({ path, record, outgoing }: RequestContext): boolean {
  return !FREQUENT.test(path) || outgoing.statusCode >= 400 || record.previousKey === true;
}

/** One request as a line of the log; unknown fields are absent. Times in ms. An interface would have to be copied for `Log`. */
export type AccessLogLine = {
  readonly event: 'request';
  readonly request: string;
  readonly client_request: string | undefined;
  readonly caller: string | undefined;
  readonly user: string | undefined;
  /** The key was the one before a rotation. */
  readonly previous_key: true | undefined;
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly status: number | undefined;
  readonly alias: string | undefined;
  readonly model: string | undefined;
  readonly backend: string | undefined;
  readonly reason: string | undefined;
  readonly stream: boolean | undefined;
  readonly attempts: number | undefined;
  readonly prompt_tokens: number | undefined;
  readonly completion_tokens: number | undefined;
  readonly queue_ms: number | undefined;
  readonly load_ms: number | undefined;
  readonly ttft_ms: number | undefined;
  readonly total_ms: number | undefined;
  readonly failure: string | undefined;
  readonly failure_text: string | undefined;
  readonly error: string | undefined;
  readonly ended: Ended;
};

/** The line of a request that has ended; `status` is absent if none was sent. */
export function accessLogLine(
  context: RequestContext,
  status: number | undefined,
  finished: boolean,
  nowMs: number,
): AccessLogLine {
  const { record } = context;
  const { usage } = record;
  return {
    event: 'request',
    request: context.id,
    client_request: context.clientId === undefined ? undefined : shownName(context.clientId),
    caller: record.caller,
    user: record.user === undefined ? undefined : shownName(record.user),
    previous_key: record.previousKey,
    method: context.method,
    // The query may hold secrets.
    path: context.path,
    status,
    alias: record.alias === undefined ? undefined : shownName(record.alias),
    model: record.model,
    backend: record.backend,
    reason: record.reason,
    stream: record.stream,
    attempts: record.attempts === 0 ? undefined : record.attempts,
    prompt_tokens: usage?.promptTokens,
    completion_tokens: usage?.completionTokens,
    queue_ms: rounded(record.queueMs),
    load_ms: rounded(record.loadMs),
    ttft_ms: rounded(record.firstMs),
    total_ms: Math.round((nowMs - context.startedMs) * 10) / 10,
    failure: record.failure,
    failure_text: record.failureText,
    error: record.error,
    ended: record.ended ?? (finished ? endedBy(status ?? 0) : 'client-left'),
  };
}

/** How a request ended whose response has this status, or would have had it if its stream had not begun. */
export function endedBy(status: number): Ended {
  if (status < 400) return 'answered';
  return status < 500 || status === 503 ? 'refused' : 'failed';
}

const UNKNOWN = {
  client_request: undefined,
  caller: undefined,
  user: undefined,
  previous_key: undefined,
  method: undefined,
  path: undefined,
  alias: undefined,
  model: undefined,
  backend: undefined,
  reason: undefined,
  stream: undefined,
  attempts: undefined,
  prompt_tokens: undefined,
  completion_tokens: undefined,
  queue_ms: undefined,
  load_ms: undefined,
  ttft_ms: undefined,
  total_ms: undefined,
  failure_text: undefined,
  error: undefined,
} as const;

/** The line of a request that could not be parsed: `failure` is the parser's code. */
export function rejectedLine(request: string, status: number, failure: string): AccessLogLine {
  return { ...UNKNOWN, event: 'request', request, status, failure, ended: 'refused' };
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}
