import type { Settings } from '../../../config/config.ts';
import { failed, notApplicable, pass, type Verdict } from '../../../core/verdict.ts';
import { longAddress } from '../../../facts/addresses.ts';
import { plainName } from '../../../facts/dns/message.ts';
import {
  dnsAddresses,
  dnsAliases,
  dnsNames,
  fullNamesOf,
  ownDnsAddresses,
  reverseName,
} from '../../../facts/dns/lookup.ts';
import type { NameService } from '../../../facts/dns/name-service.ts';
import { valueOf } from '../../../facts/question.ts';
import { commandOn, isAddress, knowing, lineOn, namesOf, type PreflightCheck } from '../subject.ts';

const UNDEFINED = notApplicable('litellm_backends is not defined yet: run hxllm inventory');

/** The host’s own name and back, as other machines see it in DNS. */
export const DNS_OWN_NAME: readonly PreflightCheck[] = [
  {
    id: 'dns.own-name',
    title: 'the host’s full name leads to it',
    severity: 'warning',
    why: 'Clients, certificates and Kerberos use the host’s full name. It has to lead to an address of this host in DNS, as other machines see it.',
    remedy: 'Add the host’s record to the zone.',
    asks: ['dns', 'addresses'],
    after: ['dns.resolvers'],
    judge: knowing(
      (facts) => facts.dns,
      (service, { host: { target }, seen }) => {
        if (service.resolvers.length === 0) return notApplicable('the host has no name server');
        const { fullName, ownName, ownAddresses } = service;
        if (fullName === '')
          return failed(
            'a full name, as host.example.org',
            `${ownName} alone, and no search domain`,
            commandOn(target, 'sudo', 'hostnamectl', 'set-hostname', `${ownName}.DOMAIN`),
          );
        const { answered, addresses } = ownDnsAddresses(service);
        if (!answered) return notApplicable(`no name server answers about ${fullName}`);
        const own = new Set([
          ...ownAddresses.map(longAddress),
          ...(seen.reached ? (valueOf(seen.facts.addresses) ?? []) : []),
        ]);
        if (addresses.some((address) => own.has(longAddress(address))))
          return pass(`${fullName} is ${addresses.join(', ')}`);
        return failed(
          `${fullName} to be an address of the host in DNS: ${ownAddresses.join(', ')}`,
          addresses.length === 0 ? `no address for ${fullName}` : addresses.join(', '),
          ownAddresses.map((address) => record(fullName, address.includes(':') ? 'AAAA' : 'A', address)).join('; '),
        );
      },
    ),
  },
  {
    id: 'dns.own-reverse',
    title: 'the host’s address leads back to its name',
    severity: 'warning',
    why: 'Kerberos, logs and mail of other machines turn an address into a name. Another name, or none, breaks what compares them.',
    remedy: 'Add the PTR record to the reverse zone.',
    asks: ['dns'],
    after: ['dns.own-name'],
    judge: knowing(
      (facts) => facts.dns,
      (service) => {
        const { fullName, ownAddresses, resolvers } = service;
        if (resolvers.length === 0) return notApplicable('the host has no name server');
        const [first] = ownAddresses;
        if (first === undefined) return notApplicable('the host has no address that others reach');
        const answered = ownAddresses.some((address) => dnsNames(service, address).answered);
        if (!answered) return notApplicable(`no name server answers about ${ownAddresses.join(', ')}`);
        // Without SSH all addresses of the host are listed, also those of bridges and temporary ones.
        const named = ownAddresses.find((address) => dnsNames(service, address).names.includes(fullName));
        return named === undefined ? withoutName(service, first, fullName) : pass(`${named} is ${fullName}`);
      },
    ),
  },
];

/** Three checks for the name of each backend, or the reason why there is nothing to check. */
export function dnsBackendChecks(settings: Settings): readonly PreflightCheck[] {
  const names = namesOf(settings);
  if (names.length === 0) return THREE.map((make) => make(undefined, 'the backends', () => UNDEFINED));
  return names.flatMap((name) => {
    const isOwn = name === 'localhost' || name.endsWith('.localhost');
    const why = isAddress(name)
      ? `${name} is an address`
      : isOwn
        ? `${name} is the host itself, without DNS`
        : undefined;
    return [
      resolves(name, name, isAddress(name) ? () => notApplicable(`${name} is an address`) : judgeForward(name)),
      agrees(name, name, why === undefined ? judgeAgreement(name) : () => notApplicable(why)),
      leadsBack(name, name, why === undefined ? judgeReverse(name) : () => notApplicable(why)),
    ];
  });
}

type Judge = PreflightCheck['judge'];

function judgeForward(name: string): Judge {
  return knowing(
    (facts) => facts[`resolves ${name}`],
    (addresses, { host: { target } }) =>
      addresses.length === 0
        ? failed(
            `an address for ${name}, from ${target.name}`,
            'the name does not resolve there',
            `${lineOn(target, `echo 'ADDRESS ${name}' | sudo tee -a /etc/hosts`)}  # ADDRESS: of that server; or add the record to the zone`,
          )
        : pass(`${name} is ${addresses.join(', ')}`),
  );
}

function judgeAgreement(name: string): Judge {
  return knowing(
    (facts) => facts.dns,
    (service, { host: { target } }) => {
      const nss = service.nss[name] ?? [];
      const dns = dnsAddresses(service, name);
      const [line] = service.hosts[name] ?? [];
      if (!dns.answered) return notApplicable('no name server answers about it');
      if (dns.addresses.length === 0 && nss.length > 0)
        return pass(
          `${nss.join(', ')}, ${line === undefined ? `from ${service.sources.join(', ')}` : 'from /etc/hosts'}; DNS does not know the name`,
        );
      const known = new Set(dns.addresses.map(longAddress));
      // Debian gives the host's own name 127.0.1.1 in the hosts file.
      const isOwn = [service.fullName, plainName(service.ownName)].includes(plainName(name));
      const other = nss.filter((address) => !known.has(longAddress(address)) && !(isOwn && isLoopback(address)));
      if (other.length === 0) return pass(`${dns.addresses.join(', ')}, from both`);
      const number = /^\d+/.exec(line ?? '')?.[0];
      return failed(
        `the addresses of DNS for ${name}: ${dns.addresses.join(', ')}`,
        `programs on the host get ${nss.join(', ')}${line === undefined ? `, by the line hosts of nsswitch.conf: ${service.sources.join(' ')}` : `, from /etc/hosts line ${line.replace(':', ': ')}`}`,
        number === undefined
          ? commandOn(target, 'grep', 'hosts', '/etc/nsswitch.conf')
          : `${lineOn(target, `sudo sed -i.old '${number}s/^/# /' /etc/hosts`)}  # or correct the record in DNS`,
      );
    },
  );
}

function judgeReverse(name: string): Judge {
  return knowing(
    (facts) => facts.dns,
    (service) => {
      const full = [...fullNamesOf(service, name), ...dnsAliases(service, name)];
      const addresses = (service.nss[name] ?? []).filter((address) => !isLoopback(address));
      // A name of the hosts file or of mDNS has no zone, and so no way back.
      if (dnsAddresses(service, name).addresses.length === 0 && addresses.length > 0)
        return notApplicable(`${name} is not a name of DNS`);
      const isName = (one: string): boolean =>
        full.includes(one) || (!name.includes('.') && one.startsWith(`${name}.`));
      const bad = addresses.find((address) => !dnsNames(service, address).names.some(isName));
      if (bad !== undefined) return withoutName(service, bad, full[0] ?? name);
      return addresses.length === 0
        ? notApplicable('the name has no address beside the loopback')
        : pass(`${addresses.join(', ')} is ${full[0] ?? name}`);
    },
  );
}

function isLoopback(address: string): boolean {
  return /^(?:127\.|::1$)/.test(address);
}

function withoutName(service: NameService, address: string, name: string): Verdict {
  const { names } = dnsNames(service, address);
  return failed(
    `${address} to lead back to ${name}`,
    names.length === 0 ? `no name for ${address}` : `${address} is ${names.join(', ')}`,
    record(reverseName(address), 'PTR', `${name}.`),
  );
}

/** A line for the zone: the fix of a record is on the name server, not on the host. */
function record(name: string, type: string, value: string): string {
  return `${name}. IN ${type} ${value}  # a line for the zone of the name server`;
}

function resolves(key: string | undefined, what: string, judge: Judge): PreflightCheck {
  const [id, title] = [idOf('dns.backend-resolves', key), `the host resolves ${what}`];
  const asks = key === undefined ? [] : [`resolves ${key}` as const];
  const why =
    'The gateway looks a backend up by its name, as every program on the host does: by the hosts file, by DNS, or by what nsswitch.conf names.';
  const remedy = 'Add the record to the zone, or the line to /etc/hosts.';
  return { id, title, severity: 'error', why, remedy, asks, after: ['system.bash', 'dns.resolvers'], judge };
}

function agrees(key: string | undefined, what: string, judge: Judge): PreflightCheck {
  const [id, title] = [idOf('dns.nss-agrees', key), `programs and DNS agree about ${what}`];
  const why =
    'A line of the hosts file hides the record in DNS. When the backend moves, this host alone keeps asking the old address.';
  const remedy = 'Remove the line from /etc/hosts, or correct the record.';
  const after = [idOf('dns.backend-resolves', key)];
  return { id, title, severity: 'warning', why, remedy, asks: ['dns'], after, judge };
}

function leadsBack(key: string | undefined, what: string, judge: Judge): PreflightCheck {
  const [id, title] = [idOf('dns.backend-reverse', key), `the address of ${what} leads back to its name`];
  const why =
    'Logs and monitoring show addresses by the name that the reverse zone has. Another name than the backend’s points at a stale record.';
  const remedy = 'Add or correct the PTR record in the reverse zone.';
  return { id, title, severity: 'warning', why, remedy, asks: ['dns'], after: [idOf('dns.nss-agrees', key)], judge };
}

const THREE = [resolves, agrees, leadsBack];

function idOf(family: string, key: string | undefined): string {
  return key === undefined ? family : `${family}[${key}]`;
}
