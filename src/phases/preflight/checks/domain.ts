import type { Settings } from '../../../config/config.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { packageOffline } from '../../../core/without-internet.ts';
import type { CredentialTrial } from '../../../facts/domain/credential.ts';
import type { DomainJoin } from '../../../facts/domain/join.ts';
import type { SssdState } from '../../../facts/domain/sssd.ts';
import type { ResolvedGroup } from '../../../facts/group.ts';
import { commandOn, knowing, lineOn, type PreflightCheck, type PreflightSubject } from '../subject.ts';

/**
 * Some sites require that servers are joined to their domain. The three levels of the proof are checks of their own: a host states that it
 * has joined, it has a machine credential, and the directory takes that credential.
 */
const DOMAIN: readonly PreflightCheck[] = [
  {
    id: 'domain.joined',
    title: 'the host is joined to a domain',
    severity: 'error',
    why: 'The domain decides who may log in to the host and use sudo there. realmd, SSSD, winbind and the keytab are read; none of them proves that the domain still knows the host.',
    remedy: 'Join the host to the domain.',
    asks: ['join'],
    after: ['system.bash', 'privilege.sudo'],
    judge: knowing((facts) => facts.join, judgeJoin),
  },
  {
    id: 'domain.credential',
    title: 'the host has the credential of its computer account',
    severity: 'error',
    why: 'The host proves its identity to the directory with the secret of its computer account. Without it, SSSD and winbind look nothing up.',
    remedy: 'Join the host again; it gets a new secret.',
    asks: ['join'],
    after: ['domain.joined'],
    judge: knowing((facts) => facts.join, judgeCredential),
  },
  {
    id: 'domain.credential-works',
    title: 'the directory takes the credential of the host',
    severity: 'error',
    why: 'The credential is used once against the directory: the computer account may be disabled, deleted or reset while every file on the host looks right.',
    remedy: 'Enable or reset the computer account, or join the host again.',
    asks: ['credential', 'join', 'sssd'],
    after: ['domain.credential'],
    judge: knowing((facts) => facts.credential, judgeTrial),
  },
  {
    id: 'domain.sssd-online',
    title: 'SSSD reaches the directory',
    severity: 'warning',
    why: 'SSSD off line answers from its cache: new users and changed groups are not seen.',
    remedy: 'Find out why SSSD does not reach a domain controller: names, network, clock.',
    asks: ['sssd', 'join'],
    after: ['domain.credential-works'],
    judge: knowing((facts) => facts.sssd, judgeSssd),
  },
  {
    id: 'domain.admin-group',
    title: 'the group of the administrators resolves',
    severity: 'error',
    why: 'sudo and SSH on the host give rights to the members of this group; a group that does not resolve gives none.',
    remedy: 'Correct litellm_admin_group, or create the group in the directory.',
    asks: ['adminGroup'],
    // SSSD answers from its cache while the directory is away, so a directory that is away says nothing about the group.
    after: ['domain.credential-works'],
    judge: (subject) => {
      const { adminGroup } = subject.host.settings;
      return adminGroup === undefined
        ? notApplicable('litellm_admin_group is not defined')
        : knowing(
            (facts) => facts.adminGroup,
            (group) => judgeGroup(adminGroup, group, subject),
          )(subject);
    },
  },
];

/** The checks of the family. Where no domain is required, none of them depends on anything. */
export function domainChecks({ requireDomainJoin }: Settings): readonly PreflightCheck[] {
  const judge = (): Verdict => notApplicable('litellm_require_domain_join is false');
  return requireDomainJoin ? DOMAIN : DOMAIN.map((check) => ({ ...check, asks: [], after: [], judge }));
}

const BY = { realmd: 'realmd', sssd: 'SSSD', winbind: 'winbind', keytab: 'the machine credential' } as const;

function judgeJoin({ claims, evidence, tools }: DomainJoin, { host: { target } }: PreflightSubject): Verdict {
  if (claims.length === 0) {
    const line = ['realm', 'adcli', 'net'].find((tool) => tools.includes(tool));
    return failed(
      'a domain that realmd, SSSD, winbind or adcli has joined',
      evidence.join(', '),
      lineOn(target, JOIN[line ?? 'none'] ?? '', '-t'),
    );
  }
  const domains = [...new Set(claims.map(({ domain }) => domain))];
  return pass(
    domains
      .map((name) => `${name} (${claims.flatMap(({ by, domain }) => (domain === name ? [BY[by]] : [])).join(', ')})`)
      .join('; '),
  );
}

// DOMAIN is the name of the domain; each program asks for the password of an account that may join hosts.
const JOIN: Readonly<Record<string, string>> = {
  realm: 'sudo realm join DOMAIN',
  adcli: 'sudo adcli join DOMAIN',
  net: 'sudo net ads join -U Administrator',
  none: `sudo apt-get install -y realmd sssd-ad sssd-tools adcli && sudo realm join --install=/ DOMAIN  # ${packageOffline('realmd')}`,
};

function judgeCredential({ claims, keytab, secretsFile }: DomainJoin, subject: PreflightSubject): Verdict {
  const machine = keytab.principals.filter((name) => /\$@./.test(name) || name.startsWith('host/'));
  const [first, ...others] = machine;
  if (first !== undefined)
    return pass(
      `${first} in ${keytab.path}${others.length === 0 ? '' : ` and ${String(others.length)} more principals`}`,
    );
  if (claims.some(({ by }) => by === 'winbind') && secretsFile !== undefined)
    return pass(`winbind’s secret in ${secretsFile}`);
  const seen = keytab.exists
    ? `${keytab.path} with ${keytab.principals.length === 0 ? 'no principals' : keytab.principals.join(', ')}`
    : `no ${keytab.path}`;
  return failed(
    `the principal HOST$@REALM in ${keytab.path}, or winbind’s secret`,
    seen,
    rejoin(claims[0]?.domain ?? 'DOMAIN', subject),
  );
}

/** The directory did not answer: the credential was not judged. */
const NO_DIRECTORY =
  /domain controller to connect to|cannot contact any kdc|unable to reach any kdc|no logon servers|could not be contacted|connection refused|network is unreachable|timed out|can't resolve/i;

function judgeTrial(trial: CredentialTrial, subject: PreflightSubject): Verdict {
  const {
    host: { target },
  } = subject;
  const domain = domainOf(subject);
  if (trial.tool === 'none') return judgeByService(subject);
  const who = trial.principal === '' ? 'the computer account' : trial.principal;
  const said =
    trial.message === ''
      ? `${trial.tool} exited with ${String(trial.exitCode)}`
      : `${trial.tool}: ${trial.message.replace(/^\w+: /, '')}`;
  if (trial.exitCode === 0) return pass(`${who} authenticates to ${domain} (${trial.tool})`);
  if (trial.exitCode >= 124 || NO_DIRECTORY.test(trial.message))
    return unknown(
      `no server of ${domain} answered: ${trial.exitCode >= 124 ? `${trial.tool} gave no answer in time` : said}`,
      lineOn(target, `getent ahosts ${domain}; resolvectl status; timedatectl`),
    );
  if (/skew/i.test(trial.message))
    return failed(`${who} authenticates to ${domain}`, said, commandOn(target, 'timedatectl'));
  if (/revoked|disabled|locked out/i.test(trial.message))
    return failed(
      `${who} authenticates to ${domain}`,
      said,
      `samba-tool user enable '${who.split('@')[0] ?? ''}'  # as an administrator of the domain; on Windows: Enable-ADAccount`,
    );
  return failed(`${who} authenticates to ${domain}`, said, rejoin(domain, subject));
}

// Without a program that uses the credential, SSSD itself does: it is on line only with a ticket of the computer account.
function judgeByService(subject: PreflightSubject): Verdict {
  const {
    host: { target },
  } = subject;
  const sssd = subject.seen.reached ? subject.seen.facts.sssd : undefined;
  const domains = sssd?.known === true ? sssd.value.domains : [];
  const online = domains.filter((one) => one.online);
  if (online.length > 0)
    return pass(
      `SSSD is on line in ${online.map(({ name }) => name).join(', ')}, which takes a ticket of the computer account`,
    );
  if (domains.length > 0)
    return failed(
      'SSSD is on line, which takes a ticket of the computer account',
      `SSSD is off line in ${domains.map(({ name }) => name).join(', ')}`,
      rejoin(domainOf(subject), subject),
    );
  return unknown(
    'neither SSSD nor a program of the host has used the credential, so it is not proven',
    `${lineOn(target, 'sudo apt-get install -y adcli && sudo adcli testjoin', '-t')}  # ${packageOffline('adcli')}`,
  );
}

function judgeSssd({ active, domains }: SssdState, subject: PreflightSubject): Verdict {
  const {
    host: { target },
  } = subject;
  const join = subject.seen.reached && subject.seen.facts.join.known ? subject.seen.facts.join.value : undefined;
  if (active === '' || join?.claims.some(({ by }) => by === 'sssd') === false)
    return notApplicable(`SSSD serves no domain here: ${(join?.claims ?? []).map(({ by }) => BY[by]).join(', ')}`);
  if (active !== 'active')
    return failed(
      'sssd.service is active',
      `sssd.service is ${active}`,
      lineOn(target, 'sudo systemctl restart sssd; systemctl status sssd', '-t'),
    );
  const offline = domains.filter((one) => !one.online);
  if (offline.length > 0)
    return failed(
      'SSSD is on line',
      `off line: ${offline.map(({ name }) => name).join(', ')}`,
      lineOn(target, `sudo sssctl domain-status ${offline[0]?.name ?? ''}; sudo systemctl restart sssd`, '-t'),
    );
  return pass(
    domains.length === 0
      ? 'sssd.service is active'
      : domains
          .map(({ name, server }) => `on line in ${name}${server === undefined ? '' : ` with ${server}`}`)
          .join('; '),
  );
}

function judgeGroup(name: string, group: ResolvedGroup | undefined, { host: { target } }: PreflightSubject): Verdict {
  if (group === undefined)
    return failed(
      `the group ${name} of litellm_admin_group`,
      'it does not resolve on the host',
      `${lineOn(target, `sudo sss_cache -G; getent group '${name.replaceAll("'", String.raw`'\''`)}'`, '-t')}  # or correct litellm_admin_group: GROUP@DOMAIN where sssd.conf has use_fully_qualified_names`,
    );
  const { members } = group;
  return pass(
    `${group.name} has the id ${String(group.gid)}${members.length === 0 ? '' : ` and ${String(members.length)} members that the host lists`}`,
  );
}

function domainOf({ seen }: PreflightSubject): string {
  const join = seen.reached && seen.facts.join.known ? seen.facts.join.value : undefined;
  return join?.claims[0]?.domain ?? 'the domain';
}

function rejoin(domain: string, { host: { target }, seen }: PreflightSubject): string {
  const join = seen.reached && seen.facts.join.known ? seen.facts.join.value : undefined;
  const line =
    join?.tools.includes('realm') === true
      ? `sudo realm leave; sudo realm join ${domain}`
      : join?.tools.includes('adcli') === true
        ? `sudo adcli join ${domain}`
        : `sudo net ads join -U Administrator`;
  return `${lineOn(target, line, '-t')}  # it asks for an account that may join hosts`;
}
