import { BlockList, isIP } from 'node:net';
import { hostname } from 'node:os';
import type { IncomingHttpHeaders } from 'node:http';
import type { Failure } from '../exchange.ts';

const LOCAL_ADDRESSES = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 32],
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  LOCAL_ADDRESSES.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  LOCAL_ADDRESSES.addSubnet(network, prefix, 'ipv6');

const LOCAL_NAME = /(?:^|\.)(?:localhost|local|internal)$/;

/**
 * Why a caller of a gateway without a key is not of this machine; `undefined` if it is. A page of any site can send requests to a loopback
 * address (DNS rebinding): its requests carry the site's name in Host, or its origin. The names that count as local are Ollama's
 * (allowedHost in server/routes.go, v0.22.1).
 */
export function foreignCaller(
  { host, origin }: Pick<IncomingHttpHeaders, 'host' | 'origin'>,
  origins: ReadonlySet<string>,
): Failure | undefined {
  if (host !== undefined && host !== '' && !isLocalName(nameOf(host)))
    return forbidden(`Expected a local name in the Host header, found ${JSON.stringify(host.slice(0, 100))}`);
  if (origin !== undefined && !origins.has(origin))
    return forbidden(
      `Expected no Origin header, or one of hxllm.origins, found ${JSON.stringify(origin.slice(0, 100))}`,
    );
  return undefined;
}

/** A name whose last part is a number is an IPv4 address in any of its old forms, such as `127.1` (WHATWG URL, 4.3.1). */
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i;

function isLocalName(given: string): boolean {
  const isNumber = ENDS_IN_NUMBER.test(given) && URL.canParse(`http://${given}`);
  const name = isNumber ? new URL(`http://${given}`).hostname : given;
  const family = isIP(name);
  if (family !== 0) return LOCAL_ADDRESSES.check(name, family === 4 ? 'ipv4' : 'ipv6');
  const lower = name.toLowerCase().replace(/\.$/, '');
  return LOCAL_NAME.test(lower) || lower === hostname().toLowerCase();
}

/** The host of a Host header, without port and brackets; empty if it is no host, as in `[::1].example` or `a/.localhost`. */
function nameOf(host: string): string {
  const [, address, name] = /^(?:\[([^\]]+)\]|([^:/?#@\\\s[\]]+))(?::\d*)?$/.exec(host) ?? [];
  return address ?? name ?? '';
}

function forbidden(why: string): Failure {
  return {
    kind: 'forbidden',
    code: 'foreign_caller',
    message: `${why}. This gateway has no key, so it serves this machine alone: set general_settings.master_key, or hxllm.open to true.`,
  };
}
