import { longAddress } from '../addresses.ts';
import { plainName } from './message.ts';
import type { DnsReply, NameService, Resolver } from './name-service.ts';

/** The stub of systemd-resolved, which asks the servers behind it. */
export const STUBS: ReadonlySet<string> = new Set(['127.0.0.53', '127.0.0.54']);

/** Answers after which glibc asks no further server. */
const FINAL: ReadonlySet<string> = new Set(['NOERROR', 'NXDOMAIN']);

/** Why a resolver is of no use to the host; `undefined` if it answers. */
export function faultOf(
  { replies, resolvers }: NameService,
  { address, place, overTls }: Resolver,
): string | undefined {
  if (overTls) return undefined;
  const own = replies.filter(({ resolver }) => resolver === address);
  if (own.some(({ state, code }) => state === 'answered' && FINAL.has(code))) return undefined;
  const states = new Set(own.map(({ state, code }) => (state === 'answered' ? code : state)));
  // The server of one link of systemd-resolved may know its own domain alone (a VPN), and the others are of other links.
  const hasOthers = resolvers.some((other) => other.place !== place && !STUBS.has(other.address));
  if (place !== 'resolv.conf' && hasOthers && states.has('REFUSED')) return undefined;
  if (states.has('refused')) return `${address} is not reached on port 53 (closed, or no route to it)`;
  if (states.has('silent') || states.size === 0) return `${address} does not answer`;
  return states.has('malformed')
    ? `${address} answers with something else than DNS`
    : `${address} answers every question with ${[...states].join(' or ')}`;
}

/** The full names that a name stands for: itself, or with each search domain if it is short. */
export function fullNamesOf({ search }: NameService, name: string): readonly string[] {
  return name.includes('.') ? [plainName(name)] : search.map((domain) => plainName(`${name}.${domain}`));
}

/** The answer of a resolver, or of any resolver, about the addresses of a name. */
export interface DnsAddresses {
  readonly answered: boolean;
  readonly addresses: readonly string[];
}

/** The addresses of the host's own full name, as other machines see them: the stub makes them up from the host's name. */
export function ownDnsAddresses(service: NameService): DnsAddresses {
  const direct = service.replies.filter(({ resolver }) => !STUBS.has(resolver));
  const hasDirect = direct.some(({ state }) => state === 'answered');
  return dnsAddresses(hasDirect ? { ...service, replies: direct } : service, service.fullName);
}

/** The addresses of a name in DNS: of the first of its full names that has some. */
export function dnsAddresses(service: NameService, name: string, resolver?: string): DnsAddresses {
  const about = (full: string): readonly DnsReply[] =>
    service.replies.filter(
      (reply) =>
        reply.name === full &&
        (reply.kind === 'A' || reply.kind === 'AAAA') &&
        FINAL.has(reply.code) &&
        (resolver === undefined || reply.resolver === resolver),
    );
  const found = fullNamesOf(service, name).map(about);
  const first = found.find((replies) => replies.some(({ values }) => values.length > 0)) ?? [];
  return {
    answered: found.some((replies) => replies.length > 0),
    addresses: [...new Set(first.flatMap(({ values }) => values))],
  };
}

/** The names that DNS has behind a name (CNAME). */
export function dnsAliases(service: NameService, name: string): readonly string[] {
  const full = fullNamesOf(service, name);
  return service.replies.filter((reply) => full.includes(reply.name)).flatMap(({ aliases }) => aliases);
}

/** The names of an address in DNS. `answered`: a resolver said so, be it that there is none. */
export function dnsNames(
  { replies }: NameService,
  address: string,
): { readonly answered: boolean; readonly names: readonly string[] } {
  const arpa = reverseName(address);
  const found = replies.filter(({ kind, name, code }) => kind === 'PTR' && name === arpa && FINAL.has(code));
  return { answered: found.length > 0, names: [...new Set(found.flatMap(({ values }) => values))] };
}

/** The hosts of a service (SRV) in DNS, each once. */
export function dnsServers({ replies }: NameService, service: string): readonly string[] {
  const found = replies.filter(({ kind, name }) => kind === 'SRV' && name === plainName(service));
  // The target `.` says that there is no such service (RFC 2782).
  return [...new Set(found.flatMap(({ values }) => values).map((value) => value.replace(/:\d+$/, '')))].filter(
    (host) => host !== '',
  );
}

/** The name under which DNS keeps the names of an address (RFC 1035, 3.5; RFC 3596, 2.5). */
export function reverseName(address: string): string {
  if (!address.includes(':')) return `${address.split('.').toReversed().join('.')}.in-addr.arpa`;
  const digits = longAddress(address)
    .split(':')
    .map((group) => group.padStart(4, '0'))
    .join('');
  return `${digits.split('').toReversed().join('.')}.ip6.arpa`;
}

/** Whether two lists have an address in common, however IPv6 is written. */
export function shareAddress(one: readonly string[], other: readonly string[]): boolean {
  const known = new Set(other.map(longAddress));
  return one.some((address) => known.has(longAddress(address)));
}
