import type { MasterKeyReference } from '../../schema/gateway-config.ts';
import type { Outcome } from '../exchange.ts';

/** Who asks. */
export interface Caller {
  readonly name: 'master' | 'anyone';
}

/** Reads the `Authorization` header. Where there is no master key everyone is let in: the start made sure that this was meant. */
export function authenticate(header: string | undefined, masterKey: MasterKeyReference): Outcome<Caller> {
  if (masterKey.state === 'none') return { ok: true, value: { name: 'anyone' } };
  const given = /^bearer +(\S+) *$/i.exec(header ?? '')?.[1];
  if (given === undefined) {
    const message = "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
    return { ok: false, failure: { kind: 'unauthorized', code: null, message } };
  }
  if (masterKey.state === 'set' && masterKey.key.equals(given)) return { ok: true, value: { name: 'master' } };
  return { ok: false, failure: { kind: 'unauthorized', code: 'invalid_api_key', message: `Incorrect API key provided: ${masked(given)}.` } };
}

// Enough for its owner to recognise it, too little for anybody else.
function masked(key: string): string {
  return key.length < 20 ? '***' : `${key.slice(0, 3)}***${key.slice(-4)}`;
}
