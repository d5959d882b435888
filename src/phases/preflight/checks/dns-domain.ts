import type { Target } from '../../../core/host.ts';
import { failed, notApplicable, pass, unknown } from '../../../core/verdict.ts';
import { dnsServers } from '../../../facts/dns/lookup.ts';
import { commandOn, domainsOf, knowing, lineOn, type PreflightCheck } from '../subject.ts';

/** The services of the domain in DNS, by which a host finds its controllers. */
export const DNS_DOMAIN: readonly PreflightCheck[] = [
  serviceCheck('dns.domain-controllers', 'DNS names the controllers of the domain', '_ldap._tcp.dc._msdcs'),
  serviceCheck('dns.kerberos', 'DNS names the Kerberos servers of the domain', '_kerberos._tcp'),
];

function serviceCheck(id: string, title: string, prefix: string): PreflightCheck {
  const judgeRecords = knowing(
    (facts) => facts.dns,
    (service, { host: { target }, seen }) => {
      const facts = seen.reached ? seen.facts : undefined;
      const domains = facts === undefined ? [] : domainsOf(facts);
      if (domains.length === 0)
        return failed(
          'a domain to look for',
          'the host has joined none, and has neither a search domain nor a full name',
          commandOn(target, 'sudo', 'hostnamectl', 'set-hostname', `${service.ownName}.DOMAIN`),
        );
      const found = domains.map((domain) => [domain, dnsServers(service, `${prefix}.${domain}`)] as const);
      const [domain, servers = []] = found.find(([, hosts]) => hosts.length > 0) ?? [];
      if (domain === undefined)
        return failed(
          `an SRV record ${domains.map((name) => `${prefix}.${name}`).join(' or ')}`,
          `none from ${service.resolvers.map(({ address }) => address).join(', ')}`,
          useDomainServer(target, domains[0] ?? 'DOMAIN'),
        );
      const looked = servers.map(
        (name) => [name, seen.reached ? seen.followUps[`resolves ${name}`] : undefined] as const,
      );
      const lost = looked.flatMap(([name, fact]) => (fact?.known === true && fact.value.length === 0 ? [name] : []));
      const [dark] = looked.flatMap(([name, fact]) =>
        fact?.known === true ? [] : [`the address of ${name}: ${fact?.why ?? 'it was not asked'}`],
      );
      if (lost.length === 0 && dark !== undefined) return unknown(dark);
      return lost.length === 0
        ? pass(`${prefix}.${domain} is ${servers.join(', ')}`)
        : failed(
            `an address for each of ${servers.join(', ')}`,
            `${lost.join(', ')} does not resolve`,
            useDomainServer(target, domain),
          );
    },
  );
  return {
    id,
    title,
    severity: 'error',
    why: 'realmd, sssd and Kerberos find the controllers of a domain by SRV records. Without them a join fails, and so do logins and tickets later. Each server that they name must have an address.',
    remedy: 'Let the host ask a name server of the domain, usually a controller.',
    asks: ['dns', 'join'],
    after: ['dns.resolvers'],
    judge: (subject) =>
      subject.host.settings.requireDomainJoin
        ? judgeRecords(subject)
        : notApplicable('litellm_require_domain_join is false'),
  };
}

function useDomainServer(target: Target, domain: string): string {
  return `${lineOn(target, `sudo sed -i.old '1i nameserver ADDRESS' /etc/resolv.conf`)}  # ADDRESS: a controller of ${domain}, which serves its zone; where another program writes this file, set it there`;
}
