import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass } from '../../../core/verdict.ts';
import { commandOn, knowing, type PreflightSubject } from '../subject.ts';

/** Some sites require that servers are joined to their domain. */
export const DOMAIN: readonly Check<PreflightSubject>[] = [
  {
    id: 'domain.joined',
    title: 'the host is joined to a domain',
    severity: 'error',
    after: ['system.bash'],
    judge: (subject) =>
      subject.host.settings.requireDomainJoin
        ? judgeDomains(subject)
        : notApplicable('litellm_require_domain_join is false'),
  },
];

const judgeDomains = knowing(
  (facts) => facts.domains,
  (domains, { host: { target } }) =>
    domains.length > 0
      ? pass(domains.join(', '))
      : failed('a domain that realmd or sssd knows', 'none', commandOn(target, 'sudo', 'realm', 'join', 'DOMAIN')),
);
