import { parseJson } from '../../core/json.ts';

/**
 * The kind of key that a request is sent with. `bare` and `basic`: an `Authorization` header without a key, and one of another scheme.
 * `query`: the right key as `?api_key=`, and in no header. `made`: the key that the test itself made.
 */
export type KeyKind = 'right' | 'wrong' | 'none' | 'previous' | 'revoked' | 'bare' | 'basic' | 'query' | 'made';

/** One request as it can be recorded: the kind of key, never the key itself, nor a URL with it. */
export interface RecordedRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly key: KeyKind;
  readonly body: object | undefined;
  /** The backend that the gateway was told to use. */
  readonly backend?: string | undefined;
}

/** A complete HTTP answer. */
export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Time from the request to the head of the answer. `totalMs` is the time to its end. */
  readonly firstByteMs: number;
  readonly totalMs: number;
  /** For a stream of events: the arrival of the end of each block. */
  readonly blocksMs?: readonly number[];
  /** The connection was closed before the end, on purpose. */
  readonly left?: true;
}

/** The reason for a missing answer, with its fix. */
export interface Diagnosis {
  readonly kind: 'dns' | 'refused' | 'unreachable' | 'tls' | 'not-http' | 'closed' | 'timeout' | 'aborted' | 'other';
  readonly seen: string;
  readonly fix: string;
  /** The code of the error, such as `CERT_HAS_EXPIRED`; absent if it has none. */
  readonly code?: string;
}

/** A request with its answer, or the reason why there is none. */
export interface Exchange {
  readonly asked: RecordedRequest;
  readonly outcome:
    | { readonly answered: true; readonly reply: Reply }
    | { readonly answered: false; readonly trouble: Diagnosis };
}

/** The answer; `undefined` if there is none. */
export function replyOf(exchange: Exchange | undefined): Reply | undefined {
  return exchange?.outcome.answered === true ? exchange.outcome.reply : undefined;
}

/** The server that an answer names. A failure names one too, but does not count as its answer. */
export function backendOf(exchange: Exchange | undefined): string | undefined {
  const reply = replyOf(exchange);
  return reply?.status === 200 ? reply.headers['x-hxllm-backend'] : undefined;
}

/** A value inside parsed JSON; `undefined` if the path does not exist. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** The body as JSON; `undefined` if it is not JSON. */
export function jsonOf(reply: Reply): unknown {
  return parseJson(reply.body);
}

/** An answer in a few words: the status and its message, redirection or page title. */
export function describeReply(reply: Reply): string {
  const location = reply.headers['location'];
  if (location !== undefined && reply.status >= 300 && reply.status < 400)
    return `${String(reply.status)}, a redirection to ${location}`;
  if (isHtml(reply)) {
    const title = /<title[^>]*>([^<]*)/i.exec(reply.body)?.[1]?.trim();
    return `${String(reply.status)} with a web page${title === undefined || title === '' ? '' : ` (“${title}”)`}`;
  }
  const message = at(jsonOf(reply), 'error', 'message');
  const text = typeof message === 'string' ? message : reply.body;
  return text === '' ? `${String(reply.status)} with an empty body` : `${String(reply.status)}: ${shorten(text)}`;
}

/** Whether the answer is a web page instead of an API's. */
export function isHtml(reply: Reply): boolean {
  return /^text\/html\b/i.test(reply.headers['content-type'] ?? '') || /^\s*<(?:!doctype|html)/i.test(reply.body);
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 157)}…` : line;
}
