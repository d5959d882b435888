import type { IncomingHttpHeaders } from 'node:http';
import { isDamagedApiKey } from '../../core/api-key.ts';
import type { Failure, FailureOr } from '../exchange.ts';
import { isManagementPath } from '../keys/allowed-routes.ts';
import type { KeyVerdict } from '../keys/key-ring.ts';
import { calledPath } from './called-path.ts';
import { foreignCaller } from './local-callers.ts';
import type { RequestContext } from '../request-context.ts';

/** The owner of the key that came with a request: `master`, the alias of a client's key, or `anyone` if the gateway has no master key. */
export interface Caller {
  readonly name: string;
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
export function authenticate(context: RequestContext): FailureOr<Caller> {
  const { incoming, service, record } = context;
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
  const nowMs = Date.now();
  // A right key in this header is the usual case; the other headers count without one.
  const ofBearer = bearer === undefined ? undefined : service.keys.judge(bearer, nowMs);
  if (ofBearer?.state === 'valid') return acceptClient(context, ofBearer.key);
  const others = keysIn(incoming.headers);
  if (bearer === undefined && others.length === 0) return refuse(null, MISSING);
  if (others.some(isRight)) return acceptMaster();
  const judged = others.map((text) => ({ text, verdict: service.keys.judge(text, nowMs) }));
  for (const { verdict } of judged) if (verdict.state === 'valid') return acceptClient(context, verdict.key);
  const all =
    bearer === undefined || ofBearer === undefined ? judged : [{ text: bearer, verdict: ofBearer }, ...judged];
  const told = all.find(({ verdict }) => verdict.state !== 'unknown') ?? all[0];
  return refuse('invalid_api_key', told === undefined ? MISSING : whyRefused(told.text, told.verdict));
}

/** A second judgement of a refused request, where another instance may have made its key a moment ago. */
export async function authenticateAgain(context: RequestContext, first: FailureOr<Caller>): Promise<FailureOr<Caller>> {
  const looked = context.service.keys.lookAgain();
  if (looked === undefined) return first;
  await looked;
  return authenticate(context);
}

/** Lets in only the master key, or every caller of a gateway without one: for what shows all models, servers and callers. */
export function authenticateMaster(context: RequestContext): FailureOr<Caller> {
  const caller = authenticate(context);
  if (!caller.ok || context.key === undefined) return caller;
  return { ok: false, failure: masterOnly(context.path) };
}

function masterOnly(path: string): Failure {
  return {
    kind: 'forbidden',
    code: 'master_key_required',
    message: `This API key is not allowed to call ${path.slice(0, 200)}: only the master key is.`,
  };
}

function acceptClient(context: RequestContext, key: NonNullable<RequestContext['key']>): FailureOr<Caller> {
  const rule = key.stored?.routes;
  if (rule?.restricts === true) {
    const path = calledPath(context.path);
    // Administration judges its callers itself: any key may read itself.
    if (!isManagementPath(path) && !rule.allows(path)) {
      context.record.caller = key.alias;
      return { ok: false, failure: routeNotAllowed(context.path) };
    }
  }
  context.key = key;
  return accept(key.alias, context.record);
}

function routeNotAllowed(path: string): Failure {
  return {
    kind: 'forbidden',
    code: 'route_not_allowed',
    message: `This API key is not allowed to call ${path.slice(0, 200)}: its allowed_routes or its key_type leave it out.`,
  };
}

/** The reason, for the owner of the key. Each takes the same steps, so that the time of the answer tells nothing that it does not say. */
function whyRefused(text: string, verdict: KeyVerdict): string {
  const shown = masked(text);
  const damage = isDamagedApiKey(text) ? ' It is mistyped or cut off.' : '';
  const end = new Date(verdict.state === 'expired' ? verdict.expiresMs : 0).toISOString();
  if (verdict.state === 'blocked') return `This API key is blocked: ${shown}.`;
  if (verdict.state === 'expired') return `This API key has expired: ${shown}, at ${end}.`;
  return `Incorrect API key provided: ${shown}.${damage}`;
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

function accept(name: string, record: RequestContext['record']): FailureOr<Caller> {
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
