import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestRecord } from './usage/account.ts';

/** One request on its way through the gateway. */
export interface RequestContext {
  /** The gateway's own name for it: `x-request-id`. */
  readonly id: string;
  /** The client's own, `x-client-request-id`, where it is fit to be shown. */
  readonly clientId: string | undefined;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** On the clock of `performance.now()`. */
  readonly startedMs: number;
  readonly record: RequestRecord;
  /** Ends the answer with a word of why; set by whoever answers and can. */
  cut?: () => void;
}

/** Begins a visit; from here on every reply, whoever writes it, carries its id. */
export function openContext(incoming: IncomingMessage, outgoing: ServerResponse, nowMs: number): RequestContext {
  const id = newRequestId();
  const clientId = fitId(incoming.headers['x-client-request-id']);
  outgoing.setHeader('x-request-id', id);
  if (clientId !== undefined) outgoing.setHeader('x-client-request-id', clientId);
  return {
    id,
    clientId,
    method: incoming.method ?? '',
    path: (incoming.url ?? '').split('?', 1)[0]?.slice(0, 500) ?? '',
    startedMs: nowMs,
    record: { attempts: 0, ignoredParams: new Set() },
  };
}

/** A new id of a request. */
export function newRequestId(): string {
  return `req_${crypto.randomUUID().replaceAll('-', '')}`;
}

function fitId(given: string | readonly string[] | undefined): string | undefined {
  return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : undefined;
}
