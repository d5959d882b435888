import { packageOffline } from '../../../core/without-internet.ts';
import { inWords } from '../../../core/problem.ts';
import { failed, notApplicable, pass, unknown } from '../../../core/verdict.ts';
import { commandOn, knowing, type PreflightCheck } from '../subject.ts';

/** All other questions go through the connection and bash, so these checks come first. */
export const CONNECTION: readonly PreflightCheck[] = [
  {
    id: 'ssh.reachable',
    title: 'SSH reaches the host',
    severity: 'error',
    why: 'Opens the SSH connection of the inventory, as OpenSSH would. Every other question goes through it.',
    remedy:
      'Follow the fix, which runs the same connection with ssh -v: address, port, user, key and host key have to fit.',
    asks: [],
    judge: ({ host: { target }, seen }) => {
      if (!seen.reached && seen.problem.code !== 'host.no-shell')
        return seen.problem.code === 'host.aborted'
          ? unknown(seen.problem.summary)
          : failed('an SSH connection', inWords(seen.problem), seen.problem.fix);
      if (target.connection === 'local') return notApplicable('this machine itself (ansible_connection=local)');
      return pass(`connected to ${target.address}`);
    },
  },
  {
    id: 'ssh.host-key-checked',
    title: 'host keys are checked',
    severity: 'warning',
    why: 'Reads whether host keys are compared with known_hosts. Without that another machine can take the place of the host, and enforce would send it the master key.',
    remedy: 'Record the key with hxllm trust, then remove host_key_checking=False from ansible.cfg and the inventory.',
    asks: [],
    after: ['ssh.reachable'],
    judge: ({ host: { target } }) => {
      if (target.connection === 'local') return notApplicable('this machine itself (ansible_connection=local)');
      if (target.hostKeyChecking) return pass('the key is the one in known_hosts');
      return failed(
        'a host key that is compared with known_hosts',
        'host_key_checking is off: a host without a key in known_hosts is accepted as it is',
        `hxllm trust ${target.name}  # then remove host_key_checking from ansible.cfg and the inventory`,
      );
    },
  },
  {
    id: 'system.bash',
    title: 'bash answers',
    severity: 'error',
    why: 'Runs the script of all questions with bash, the only shell that hxllm uses on a host. Without it no question has an answer.',
    remedy: 'Install bash, or give the login user a shell that runs commands.',
    asks: ['programs'],
    after: ['ssh.reachable'],
    judge: (subject) => {
      const { seen } = subject;
      if (!seen.reached) return failed('answers from bash', inWords(seen.problem), seen.problem.fix);
      const verdict = knowing(
        (facts) => facts.programs,
        ({ bash }) => (bash === undefined ? unknown('bash does not say its version') : pass(`bash ${bash}`)),
      )(subject);
      // Without bash no question has an answer, and this check shows the reason.
      return verdict.outcome === 'unknown'
        ? unknown(
            verdict.seen,
            `${commandOn(subject.host.target, 'sudo', 'apt-get', 'install', '-y', 'bash')}  # ${packageOffline('bash')}`,
          )
        : verdict;
    },
  },
];
