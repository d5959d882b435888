import type { IncomingHttpHeaders } from 'node:http';
import type { FailureOr } from '../exchange.ts';
import { foreignCaller } from './local-callers.ts';
import type { RequestContext } from '../request-context.ts';

/** The owner of the key that came with a request; `anyone` if the gateway has no master key. */
export interface Caller {
  readonly name: 'master' | 'anyone';
}

/**
 * Headers that hold nothing but a key: Anthropic's, LiteLLM's and Azure's. LiteLLM's may say `Bearer` before the key
 * (get_api_key in litellm/proxy/auth/user_api_key_auth.py, 1.108.7).
 */
const KEY_HEADERS = ['x-api-key', 'x-litellm-api-key', 'api-key'] as const;

/**
 * Checks the key of a request (`Authorization: Bearer`, or one of {@link KEY_HEADERS}) and records the caller. A gateway without a
 * master key lets every caller of this machine in, and with `hxllm.open` every caller: the start has checked that this is meant.
 */
export function authenticate({ incoming, service, record }: RequestContext): FailureOr<Caller> {
  const { masterKey } = service.config;
  if (masterKey.state === 'none') {
    const foreign = service.config.open ? undefined : foreignCaller(incoming.headers, service.config.origins);
    return foreign === undefined ? accept('anyone', record) : { ok: false, failure: foreign };
  }
  const { key, previous } = masterKey;
  let wasPrevious = false;
  const isRight = (given: string): boolean => {
    const isCurrent = key.equals(given);
    if (previous === undefined) return isCurrent;
    // Always both: the time of an answer does not say which of them it was.
    wasPrevious = previous.equals(given) && !isCurrent;
    return isCurrent || wasPrevious;
  };
  const acceptMaster = (): FailureOr<Caller> => {
    if (wasPrevious) record.previousKey = true;
    return accept('master', record);
  };
  const bearer = bearerIn(incoming.headers.authorization ?? '');
  if (bearer !== undefined && isRight(bearer)) return acceptMaster();
  const others = keysIn(incoming.headers);
  const first = bearer ?? others[0];
  if (first === undefined) return refuse(null, MISSING);
  if (others.some(isRight)) return acceptMaster();
  return refuse('invalid_api_key', `Incorrect API key provided: ${masked(first)}.`);
}

/** The keys in headers of their own: a client may send a key of another service in one header and ours in another. */
function keysIn(headers: IncomingHttpHeaders): readonly string[] {
  return KEY_HEADERS.map((name) => headers[name])
    .map((key) => (typeof key === 'string' ? (bearerIn(key) ?? key) : ''))
    .filter((key) => key !== '');
}

function bearerIn(value: string): string | undefined {
  return /^bearer +(\S+) *$/i.exec(value)?.[1];
}

const MISSING =
  "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";

function accept(name: Caller['name'], record: RequestContext['record']): FailureOr<Caller> {
  record.caller = name;
  return { ok: true, value: { name } };
}

function refuse(code: string | null, message: string): FailureOr<Caller> {
  return { ok: false, failure: { kind: 'unauthorized', code, message } };
}

// The owner recognises the key; it is too short for a third party to use.
function masked(key: string): string {
  return key.length < 20 ? '***' : `${key.slice(0, 3)}***${key.slice(-4)}`;
}
