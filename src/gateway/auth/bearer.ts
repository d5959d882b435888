import type { IncomingHttpHeaders } from 'node:http';
import type { MasterKeyReference } from '../../schema/gateway-config.ts';
import type { FailureOr } from '../exchange.ts';

/** Who asks. */
export interface Caller {
  readonly name: 'master' | 'anyone';
}

/** Reads the key that came with a request: `Authorization: Bearer`, or Anthropic's `x-api-key`. Where there is no master key everyone is let in: the start made sure that this was meant. */
export function authenticate(
  { authorization, 'x-api-key': apiKey }: IncomingHttpHeaders,
  masterKey: MasterKeyReference,
): FailureOr<Caller> {
  if (masterKey.state === 'none') return { ok: true, value: { name: 'anyone' } };
  const bearer = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  const given = bearer ?? (typeof apiKey === 'string' && apiKey !== '' ? apiKey : undefined);
  if (given === undefined) {
    const message =
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
    return { ok: false, failure: { kind: 'unauthorized', code: null, message } };
  }
  if (masterKey.state === 'set' && masterKey.key.equals(given)) return { ok: true, value: { name: 'master' } };
  return {
    ok: false,
    failure: {
      kind: 'unauthorized',
      code: 'invalid_api_key',
      message: `Incorrect API key provided: ${masked(given)}.`,
    },
  };
}

// Enough for its owner to recognise it, too little for anybody else.
function masked(key: string): string {
  return key.length < 20 ? '***' : `${key.slice(0, 3)}***${key.slice(-4)}`;
}
