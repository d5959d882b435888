import type { Settings } from '../../config/config.ts';
import { dnsServers } from '../../facts/dns/lookup.ts';
import { nameQuestion } from '../../facts/name.ts';
import { domainsOf, type FollowUps, type HostFacts } from './subject.ts';

/** Asks for the addresses of the domain’s servers, whose names are in the SRV records. Empty where no domain is required. */
export function followUpsOf(settings: Settings, facts: HostFacts): FollowUps {
  const { dns }: Partial<HostFacts> = facts;
  if (!settings.requireDomainJoin || !dns?.known) return {};
  const services = domainsOf(facts).flatMap((domain) => [`_ldap._tcp.dc._msdcs.${domain}`, `_kerberos._tcp.${domain}`]);
  const servers = new Set(services.flatMap((service) => dnsServers(dns.value, service)));
  return Object.fromEntries([...servers].map((name) => [`resolves ${name}`, nameQuestion(name)]));
}
