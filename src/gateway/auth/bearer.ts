import type { FailureOr } from '../exchange.ts';
import { foreignCaller } from './local-callers.ts';
import type { RequestContext } from '../request-context.ts';

/** The owner of the key that came with a request; `anyone` if the gateway has no master key. */
export interface Caller {
  readonly name: 'master' | 'anyone';
}

/**
 * Checks the key of a request (`Authorization: Bearer`, or Anthropic's `x-api-key`) and records the caller. A gateway without a master
 * key lets every caller of this machine in, and with `hxllm.open` every caller: the start has checked that this is meant.
 */
export function authenticate({ incoming, service, record }: RequestContext): FailureOr<Caller> {
  const { masterKey } = service.config;
  if (masterKey.state === 'none') {
    const foreign = service.config.open ? undefined : foreignCaller(incoming.headers, service.config.origins);
    return foreign === undefined ? accept('anyone', record) : { ok: false, failure: foreign };
  }
  const { authorization, 'x-api-key': apiKey } = incoming.headers;
  const bearer = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  // A client may send a key of another service in one header and ours in the other.
  const given = [bearer, apiKey].filter((key) => typeof key === 'string' && key !== '') as readonly string[];
  const [first] = given;
  if (first === undefined) return refuse(null, MISSING);
  if (masterKey.state === 'set' && given.some((key) => masterKey.key.equals(key))) return accept('master', record);
  return refuse('invalid_api_key', `Incorrect API key provided: ${masked(first)}.`);
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
