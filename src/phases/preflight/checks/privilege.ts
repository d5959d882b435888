import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass } from '../../../core/verdict.ts';
import type { Identity, Sudo } from '../../../facts/identity.ts';
import { commandOn, knowing, type Subject } from '../subject.ts';

/** What we may do there. */
export const PRIVILEGE: readonly Check<Subject>[] = [
  {
    id: 'privilege.sudo',
    title: 'sudo without a prompt',
    severity: 'error',
    after: ['system.bash'],
    judge: knowing((facts) => facts.identity, (identity, subject) => {
      if (subject.host.settings.serviceManager === 'process') return notApplicable('litellm_service_manager is process: nothing is done as root');
      if (identity.root) return notApplicable('the connection is root’s already');
      return knowing((facts) => facts.sudo, (sudo) => judgeSudo(sudo, identity, subject))(subject);
    }),
  },
];

function judgeSudo(sudo: Sudo, { userName }: Identity, { host: { target } }: Subject) {
  const wanted = `${userName} may become root with sudo -n`;
  if (sudo.state === 'granted') return pass(`${userName} becomes root without a prompt`);
  if (sudo.state === 'missing') return failed(wanted, 'sudo is not installed', 'apt-get install sudo, as root on the host');
  // The quotes are for the person's own shell; on the host it is a line for the file.
  const line = `${userName} ALL=(ALL) NOPASSWD: ALL`;
  const fix = commandOn(target, '-t', `echo '${line}' | sudo tee /etc/sudoers.d/hxllm`);
  return failed(wanted, sudo.message === '' ? 'sudo refused' : sudo.message, target.connection === 'local' ? `echo '${line}' | sudo tee /etc/sudoers.d/hxllm` : fix);
}
