import { isIPv6 } from 'node:net';
import type { Forward } from '../../core/host.ts';
import type { SmokeTarget } from '../../phases/smoke/target.ts';

/** The address of a gateway through a forward, with the scheme of its own URL. On this machine there is nothing in between. */
export function throughForward(url: string, { address, port, refusal }: Forward): Pick<SmokeTarget, 'url' | 'refusal'> {
  const here = `${new URL(url).protocol}//${isIPv6(address) ? `[${address}]` : address}:${String(port)}`;
  return { url: here, ...(refusal === undefined ? {} : { refusal }) };
}
