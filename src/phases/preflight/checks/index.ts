import type { Settings } from '../../../config/config.ts';
import type { PreflightCheck } from '../subject.ts';
import { ACCOUNT } from './account.ts';
import { CONFINEMENT } from './confinement.ts';
import { CONNECTION } from './connection.ts';
import { DNS_DOMAIN } from './dns-domain.ts';
import { dnsBackendChecks, DNS_OWN_NAME } from './dns-names.ts';
import { DNS_RESOLVERS } from './dns-resolvers.ts';
import { domainChecks } from './domain.ts';
import { EXISTING } from './existing.ts';
import { fleetChecks } from './fleet.ts';
import { modelChecks } from './models.ts';
import { networkBackendChecks } from './network-backends.ts';
import { NETWORK_WAY_IN } from './network-way.ts';
import { NETWORK } from './network.ts';
import { PLACE } from './place.ts';
import { PRIVILEGE } from './privilege.ts';
import { RESOURCES } from './resources.ts';
import { RUNTIME } from './runtime.ts';
import { TRUST } from './trust.ts';
import { backendTrustChecks } from './trust-backends.ts';
import { SYSTEM } from './system.ts';

/** All checks for a host with these settings, in the order in which they are judged. */
export function checksFor(settings: Settings): readonly PreflightCheck[] {
  return [
    ...CONNECTION,
    ...SYSTEM,
    ...PRIVILEGE,
    ...DNS_RESOLVERS,
    ...DNS_OWN_NAME,
    ...DNS_DOMAIN,
    ...dnsBackendChecks(settings),
    ...domainChecks(settings),
    ...RESOURCES,
    ...RUNTIME,
    ...CONFINEMENT,
    ...PLACE,
    ...EXISTING,
    ...ACCOUNT,
    ...NETWORK,
    ...NETWORK_WAY_IN,
    ...networkBackendChecks(settings.backends),
    ...fleetChecks(settings.backends),
    ...TRUST,
    ...backendTrustChecks(settings),
    ...modelChecks(settings.models, settings.backends),
  ];
}
