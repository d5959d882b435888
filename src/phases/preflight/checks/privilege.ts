import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass } from '../../../core/verdict.ts';
import type { Identity, Sudo } from '../../../facts/identity.ts';
import { knowing, lineOn, type PreflightSubject } from '../subject.ts';

/** The rights of the login user. */
export const PRIVILEGE: readonly Check<PreflightSubject>[] = [
  {
    id: 'privilege.sudo',
    title: 'sudo asks for no password',
    severity: 'error',
    after: ['system.bash'],
    judge: knowing(
      (facts) => facts.identity,
      (identity, subject) => {
        if (subject.host.settings.serviceManager === 'process')
          return notApplicable('litellm_service_manager is process: nothing is done as root');
        if (identity.root) return notApplicable('the login user is root');
        return knowing(
          (facts) => facts.sudo,
          (sudo) => judgeSudo(sudo, identity, subject),
        )(subject);
      },
    ),
  },
];

function judgeSudo(sudo: Sudo, { userName }: Identity, { host: { target } }: PreflightSubject) {
  const wanted = `${userName} may become root with sudo -n`;
  if (sudo.state === 'granted') return pass(`${userName} becomes root without a prompt`);
  if (sudo.state === 'missing')
    return failed(wanted, 'sudo is not installed', lineOn(target, "su -c 'apt-get install -y sudo'", '-t'));
  const grant = `echo '${userName} ALL=(ALL) NOPASSWD: ALL' | sudo tee /etc/sudoers.d/hxllm`;
  // With a terminal (-t), so that sudo can ask for the password this once.
  return failed(wanted, sudo.message === '' ? 'sudo refused' : sudo.message, lineOn(target, grant, '-t'));
}
