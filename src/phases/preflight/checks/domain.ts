import { failed, notApplicable, pass } from '../../../core/verdict.ts';
import { commandOn, knowing, type PreflightCheck } from '../subject.ts';

/** Some sites require that servers are joined to their domain. */
export const DOMAIN: readonly PreflightCheck[] = [
  {
    id: 'domain.joined',
    title: 'the host is joined to a domain',
    severity: 'error',
    asks: ['domains'],
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
