import { resolve } from 'node:path';
import { fail, type Result } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import { readKeyFile } from '../actions/key-file.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { FLEET, type FleetGateway, type GatewayOptions } from './fleet-gateway.ts';

/** Works with the gateway of an URL, or with that of the inventory; with `--through-ssh` behind a port that is forwarded meanwhile. */
export async function withGateway<T>(
  terminal: Terminal,
  options: GatewayOptions,
  signal: AbortSignal,
  work: (gateway: FleetGateway) => Promise<Result<T>>,
): Promise<Result<T>> {
  if (options.url !== undefined) return withUrl(terminal, options.url, options, work);
  // A URL needs none of the operator's files, whose readers take longer to load than the answer takes.
  const { withInventory } = await import('./inventory-gateway.ts');
  return withInventory(terminal, options, signal, work);
}

async function withUrl<T>(
  { cwd }: Terminal,
  text: string,
  { keyFile, words = FLEET }: GatewayOptions,
  work: (gateway: FleetGateway) => Promise<Result<T>>,
): Promise<Result<T>> {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return fail({
      code: 'usage.url',
      summary: 'the address of the gateway is not an HTTP URL',
      detail: `Expected a URL such as http://host:4000, found ${JSON.stringify(url === null ? text : `${url.protocol}//…`)}${url !== null && url.username !== '' ? ', with credentials in it' : ''}.`,
      fix: `${shellLine(words)} --url http://host:4000 --key-file FILE`,
    });
  const key = keyFile === undefined ? undefined : await readKeyFile(resolve(cwd, keyFile));
  if (key?.ok === false) return key;
  // Clients' base URLs end in /v1.
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`;
  return work({ name: base, url: base, key: key?.value, command: undefined });
}
