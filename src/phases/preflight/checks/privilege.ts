import { packageOffline } from '../../../core/without-internet.ts';
import { isSudo } from '../../../core/become.ts';
import { sudoAdvice } from '../../../core/sudo-advice.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { sudoOf, type Identity, type Sudo } from '../../../facts/identity.ts';
import { valueOf } from '../../../facts/question.ts';
import type { SudoLog } from '../../../facts/sudo-log.ts';
import { isAsRoot, mayRunBash, type SudoRights, type SudoRule } from '../../../facts/sudo-rights.ts';
import { knowing, lineOn, type PreflightCheck, type PreflightSubject } from '../subject.ts';

/** The rights of the login user. */
export const PRIVILEGE: readonly PreflightCheck[] = [
  {
    id: 'privilege.sudo',
    title: 'the login user becomes root',
    severity: 'error',
    why: 'Runs sudo without a terminal, as enforce does. Only root can create the user, the unit and the folders.',
    remedy: 'Let the user call sudo without a password, or give hxllm the password with --ask-become-pass.',
    asks: ['identity', 'sudo', 'ownSudoRights'],
    after: ['system.bash'],
    judge: knowing(
      (facts) => facts.identity,
      (identity, subject) => {
        if (subject.host.settings.serviceManager === 'process')
          return notApplicable('litellm_service_manager is process: nothing is done as root');
        if (identity.root) return notApplicable('the login user is root');
        const fact = subject.seen.reached ? subject.seen.facts.sudo : undefined;
        const sudo = fact === undefined ? undefined : sudoOf(fact);
        return sudo === undefined ? unknown('the host gave no answer') : judgeSudo(sudo, identity, subject);
      },
    ),
  },
  {
    id: 'privilege.sudo-rights',
    title: 'sudo lets the login user run every command that hxllm needs',
    severity: 'warning',
    why: 'hxllm calls bash by sudo and nothing else. A rule for it can still forbid bash to run other programs (NOEXEC).',
    remedy: 'Correct the rule in sudoers with visudo.',
    asks: ['identity', 'sudoRights'],
    after: ['privilege.sudo'],
    judge: (subject) => asRoot(subject) ?? knowing((facts) => facts.sudoRights, judgeRights)(subject),
  },
  {
    id: 'privilege.sudo-log',
    title: 'sudo logs neither input nor output',
    severity: 'warning',
    why: 'Reads whether sudo records the input or output of commands. The record can hold the words of other programs.',
    remedy: 'Exclude the user from log_input and log_output in sudoers.',
    asks: ['identity', 'sudoLog'],
    after: ['privilege.sudo'],
    judge: (subject) => asRoot(subject) ?? knowing((facts) => facts.sudoLog, judgeLog)(subject),
  },
];

function asRoot({ host, seen }: PreflightSubject): Verdict | undefined {
  if (host.settings.serviceManager === 'process')
    return notApplicable('litellm_service_manager is process: nothing is done as root');
  return seen.reached && valueOf(seen.facts.identity)?.root === true
    ? notApplicable('the login user is root, so sudo is not called')
    : undefined;
}

function judgeSudo(sudo: Sudo, { userName }: Identity, subject: PreflightSubject): Verdict {
  const { target, become } = subject.host;
  const wanted = `${userName} becomes root with sudo`;
  if (sudo.state === 'granted')
    return pass(
      `${userName} becomes root ${isSudo(become) && become.password !== undefined ? 'with the password that was given' : 'without a prompt'}`,
    );
  if (sudo.state === 'missing')
    return failed(
      wanted,
      sudo.hasDoas ? 'sudo is not installed; doas, which hxllm does not use, is there' : 'sudo is not installed',
      `${lineOn(target, sudo.hasDoas ? 'doas apt-get install -y sudo' : "su -c 'apt-get install -y sudo'", '-t')}  # ${packageOffline('sudo')}`,
    );
  const { fix, here, takesPassword } = sudoAdvice(sudo.message, userName);
  if (here) return failed(wanted, sudo.message, fix);
  // With a terminal (-t), so that sudo can ask for the password this once.
  const line = lineOn(target, fix, '-t');
  const granted = subject.seen.reached ? valueOf(subject.seen.facts.ownSudoRights) : undefined;
  return failed(
    wanted,
    granted === undefined || granted.length === 0 || mayRunBash(granted)
      ? sudo.message
      : `${sudo.message}; sudo grants ${rightsText(granted)}. Missing: bash as root, which runs all of hxllm’s commands`,
    takesPassword ? `${line}  # or give hxllm the password: --ask-become-pass` : line,
  );
}

function judgeRights(rights: SudoRights, { host: { target } }: PreflightSubject): Verdict {
  if (rights === undefined || rights.length === 0) return pass('sudo runs bash, and does not list what else it grants');
  const barred = rights.filter((rule) => isAsRoot(rule) && rule.tags.includes('NOEXEC'));
  if (barred.length > 0)
    return failed(
      'bash as root, which runs other programs',
      `${rightsText(barred)}, with NOEXEC, so bash can run no other program`,
      lineOn(target, 'sudo visudo', '-t'),
    );
  const all = rights.find((rule) => isAsRoot(rule) && rule.commands.includes('ALL'));
  return pass(
    all === undefined ? `${rightsText(rights)}; bash is all that hxllm calls by sudo` : 'every command as root',
  );
}

function rightsText(rules: readonly SudoRule[]): string {
  return rules
    .map(
      ({ runAs, tags, commands }) =>
        `${commands.join(', ')} as ${runAs}${tags.includes('NOPASSWD') ? ' without a password' : ''}`,
    )
    .join('; ');
}

function judgeLog({ lines, isRust }: SudoLog): Verdict {
  if (lines.length === 0) return pass('no line of sudoers asks for it');
  if (isRust) return pass(`sudo-rs logs neither, though sudoers asks for it: ${lines.join('; ')}`);
  return failed(
    'sudo keeps neither the input nor the output of commands',
    `${lines.join('; ')}. The key and the files of hxllm do not pass through sudo, but the words of other programs are kept`,
    'sudo visudo  # Defaults:USER !log_input, !log_output',
  );
}
