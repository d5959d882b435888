import { packageOffline } from '../../../core/without-internet.ts';
import { isSudo } from '../../../core/become.ts';
import { sudoAdvice } from '../../../core/sudo-advice.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { sudoOf, type Identity, type Sudo } from '../../../facts/identity.ts';
import { valueOf } from '../../../facts/question.ts';
import type { SudoLog } from '../../../facts/sudo-log.ts';
import { knowing, lineOn, type PreflightSubject, type PreflightCheck } from '../subject.ts';

/** The rights of the login user. */
export const PRIVILEGE: readonly PreflightCheck[] = [
  {
    id: 'privilege.sudo',
    title: 'the login user becomes root',
    severity: 'error',
    asks: ['identity', 'sudo'],
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
    id: 'privilege.sudo-log',
    title: 'sudo logs neither input nor output',
    severity: 'warning',
    asks: ['identity', 'sudoLog'],
    after: ['privilege.sudo'],
    judge: (subject) => {
      if (subject.host.settings.serviceManager === 'process')
        return notApplicable('litellm_service_manager is process: nothing is done as root');
      const { seen } = subject;
      if (seen.reached && valueOf(seen.facts.identity)?.root === true)
        return notApplicable('the login user is root, so sudo is not called');
      return knowing((facts) => facts.sudoLog, judgeLog)(subject);
    },
  },
];

function judgeSudo(sudo: Sudo, { userName }: Identity, { host: { target, become } }: PreflightSubject): Verdict {
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
  return failed(
    wanted,
    sudo.message,
    takesPassword ? `${line}  # or give hxllm the password: --ask-become-pass` : line,
  );
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
