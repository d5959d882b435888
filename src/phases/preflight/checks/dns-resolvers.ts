import type { Settings } from '../../../config/config.ts';
import type { Target } from '../../../core/host.ts';
import { failed, notApplicable, pass } from '../../../core/verdict.ts';
import { dnsAddresses, faultOf, shareAddress, STUBS } from '../../../facts/dns/lookup.ts';
import type { NameService, Resolver } from '../../../facts/dns/name-service.ts';
import { commandOn, isAddress, knowing, lineOn, namesOf, type PreflightCheck } from '../subject.ts';

/** The servers that the host asks for names. */
export const DNS_RESOLVERS: readonly PreflightCheck[] = [
  {
    id: 'dns.resolvers',
    title: 'a name server answers the host',
    severity: 'error',
    why: 'Names of backends and of the domain come from name servers. Each server in /etc/resolv.conf is asked by a DNS message from the host, and behind systemd-resolved each server of its links.',
    remedy: 'Write a name server that answers into /etc/resolv.conf, or start the one that is named there.',
    asks: ['dns'],
    after: ['system.bash'],
    judge: knowing(
      (facts) => facts.dns,
      (service, { host: { settings, target } }) => {
        const { resolvers } = service;
        const faults = resolvers.flatMap((resolver) => faultOf(service, resolver) ?? []);
        if (faults.length < resolvers.length) return pass(`asked: ${resolvers.map(inWords).join(', ')}`);
        const seen = resolvers.length === 0 ? missing(service) : `${faults.join('; ')}; it has no other in use`;
        return needsDns(settings, service)
          ? failed('a name server that answers', seen, addResolver(service, target))
          : notApplicable(`no name needs one: every backend is an address or resolves without one. Found ${seen}`);
      },
    ),
  },
  {
    id: 'dns.every-resolver',
    title: 'every name server of the host answers',
    severity: 'warning',
    why: 'A dead server costs each new name up to 5 s before the next server is asked, which looks like a slow gateway. When the last good server stops, all names are gone.',
    remedy: 'Start the server again, or take it from the list.',
    asks: ['dns'],
    after: ['dns.resolvers'],
    judge: knowing(
      (facts) => facts.dns,
      (service, { host: { target } }) => {
        const bad = service.resolvers.filter((resolver) => faultOf(service, resolver) !== undefined);
        const [first] = bad;
        if (first !== undefined)
          return failed(
            `an answer from ${service.resolvers.map(inWords).join(', ')}`,
            `${bad.flatMap((resolver) => faultOf(service, resolver) ?? []).join('; ')}. Every new name waits up to 5 s for it`,
            dropResolver(service, first, target),
          );
        if (service.resolvers.length === 0) return notApplicable('the host has no name server');
        const ignored =
          service.ignored.length === 0 ? '' : `; glibc ignores ${service.ignored.join(', ')}, behind the third`;
        return pass(`${service.resolvers.map(inWords).join(', ')}${ignored}`);
      },
    ),
  },
  {
    id: 'dns.resolvers-agree',
    title: 'all name servers give the same addresses',
    severity: 'warning',
    why: 'Programs take the first answer that comes. Two servers with different records send requests to different machines, depending on which one answers.',
    remedy: 'Correct the record on the server that is wrong, or take that server from the list.',
    asks: ['dns'],
    after: ['dns.resolvers'],
    judge: knowing(
      (facts) => facts.dns,
      (service, { host: { settings, target } }) => {
        const names = [...(service.fullName === '' ? [] : [service.fullName]), ...namesOf(settings)].filter(
          (name) => !isAddress(name),
        );
        for (const name of names) {
          const conflict = conflictAbout(service, name);
          if (conflict !== undefined)
            return failed(
              `one answer for ${name} from all of them`,
              conflict.map(([{ address }, found]) => `${address} says ${found}`).join(', '),
              `${dropResolver(service, conflict[1][0], target)}; or correct the record ${name} on the server that is wrong`,
            );
        }
        if (service.resolvers.length === 0) return notApplicable('the host has no name server');
        const [only] = service.resolvers;
        if (service.resolvers.length === 1 && only !== undefined) return pass(`${only.address} is the only one`);
        return pass(names.length === 0 ? 'no name was asked' : names.join(', '));
      },
    ),
  },
  {
    id: 'dns.search-domain',
    title: 'short names have a search domain',
    severity: 'warning',
    why: 'A short name such as hx-llm01-server is found by DNS with a search domain alone.',
    remedy: 'Add the search domain, or use full names in litellm_backends.',
    asks: ['dns'],
    after: ['dns.resolvers'],
    judge: knowing(
      (facts) => facts.dns,
      (service, { host: { settings, target } }) => {
        const { search, hosts } = service;
        if (search.length > 0) return pass(search.join(', '));
        const short = namesOf(settings).filter(
          (name) => !name.includes('.') && !isAddress(name) && name !== 'localhost' && hosts[name] === undefined,
        );
        return short.length === 0
          ? pass('none, and no backend has a short name')
          : failed(
              `a search domain, for ${short.join(', ')}`,
              'none',
              `${editResolvConf(service, target, 'search DOMAIN')}; or write the full names into litellm_backends`,
            );
      },
    ),
  },
];

function inWords({ address, place, overTls }: Resolver): string {
  return `${address} (${place === 'resolv.conf' ? '/etc/resolv.conf' : `systemd-resolved, ${place}`}${overTls ? ', over TLS' : ''})`;
}

function missing({ config }: NameService): string {
  return config.target === 'missing'
    ? `/etc/resolv.conf${config.writer === '' ? '' : `, a link to ${config.writer},`} cannot be read`
    : '/etc/resolv.conf names no server';
}

/** Whether a backend or the domain is found by DNS alone. */
function needsDns(settings: Settings, { hosts, nss }: NameService): boolean {
  // nss-resolve, mDNS and a directory give addresses without resolv.conf.
  const isFound = (name: string): boolean => hosts[name] !== undefined || (nss[name] ?? []).length > 0;
  return (
    settings.requireDomainJoin ||
    namesOf(settings).some((name) => !isAddress(name) && name !== 'localhost' && !isFound(name))
  );
}

type ResolverAnswer = readonly [resolver: Resolver, found: string];

/** Two servers of one place that answer otherwise about a name. Servers of several links may know different names (split DNS). */
function conflictAbout(service: NameService, name: string): readonly [ResolverAnswer, ResolverAnswer] | undefined {
  const useful = service.resolvers.filter(
    (resolver) => !resolver.overTls && !STUBS.has(resolver.address) && faultOf(service, resolver) === undefined,
  );
  for (const [index, one] of useful.entries()) {
    const here = dnsAddresses(service, name, one.address);
    for (const other of useful.slice(index + 1)) {
      const there = dnsAddresses(service, name, other.address);
      if (one.place !== other.place || !here.answered || !there.answered) continue;
      const isSame =
        shareAddress(here.addresses, there.addresses) || here.addresses.length + there.addresses.length === 0;
      if (!isSame)
        return [
          [one, textOf(here.addresses)],
          [other, textOf(there.addresses)],
        ];
    }
  }
  return undefined;
}

function textOf(addresses: readonly string[]): string {
  return addresses.length === 0 ? 'that there is none' : addresses.join(', ');
}

function dropResolver(service: NameService, { address, place }: Resolver, target: Target): string {
  if (place !== 'resolv.conf')
    return `${commandOn(target, 'resolvectl', 'status')}  # start ${address} again, or take it from the DNS servers of ${place}`;
  const line = `sudo sed -i.old 's/^nameserver[[:space:]]*${address.replaceAll('.', String.raw`\.`)}\\>/# &/' /etc/resolv.conf`;
  return `${lineOn(target, line)}  # ${writtenBy(service)}or start ${address} again`;
}

function addResolver(service: NameService, target: Target): string {
  const { config, resolvers } = service;
  if (/resolve\//.test(`${config.writer} ${config.target}`) && resolvers.length === 0)
    return commandOn(target, 'sudo', 'systemctl', 'enable', '--now', 'systemd-resolved');
  if (resolvers.some(({ address }) => STUBS.has(address)))
    return `${lineOn(target, 'sudo resolvectl dns "$(ip -o route show default | sed -n "s/.* dev \\([^ ]*\\).*/\\1/p" | head -n 1)" ADDRESS')}  # ADDRESS: a name server; then also in netplan, NetworkManager or networkd`;
  return editResolvConf(service, target, 'nameserver ADDRESS');
}

function editResolvConf(service: NameService, target: Target, line: string): string {
  return `${lineOn(target, `echo '${line}' | sudo tee -a /etc/resolv.conf`)}  # ${writtenBy(service)}with the value of your network`;
}

function writtenBy({ config: { writer } }: NameService): string {
  return writer === '' || writer.startsWith('/') || writer.startsWith('.')
    ? ''
    : `${writer} writes this file: change it there too, `;
}
