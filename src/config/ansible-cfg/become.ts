import type { Where } from '../../core/problem.ts';
import type { Found, Setting } from './values.ts';

/** The settings of privilege escalation, from the environment and ansible.cfg. A variable of the inventory precedes each. */
export interface BecomeSettings {
  readonly method: Found | undefined;
  readonly user: Found | undefined;
  readonly exe: Found | undefined;
  readonly flags: Found | undefined;
  readonly password: Found | undefined;
  /** Absolute. */
  readonly passwordFile: string | undefined;
  /** The place of `become_ask_pass` if it is true. */
  readonly askPass: Where | undefined;
}

// Names and order are those of ansible-core 2.19: config/base.yml and plugins/become/sudo.py. `become` itself is left out: a play with
// `become: true`, as the phases are, precedes it.
export const BECOME_SETTINGS: Readonly<Record<keyof BecomeSettings, Setting>> = {
  method: { variables: ['ANSIBLE_BECOME_METHOD'], keys: ['privilege_escalation.become_method'] },
  user: {
    variables: ['ANSIBLE_BECOME_USER', 'ANSIBLE_SUDO_USER'],
    keys: ['privilege_escalation.become_user', 'sudo_become_plugin.user'],
  },
  exe: {
    variables: ['ANSIBLE_BECOME_EXE', 'ANSIBLE_SUDO_EXE'],
    keys: ['privilege_escalation.become_exe', 'sudo_become_plugin.executable'],
  },
  flags: {
    variables: ['ANSIBLE_BECOME_FLAGS', 'ANSIBLE_SUDO_FLAGS'],
    keys: ['privilege_escalation.become_flags', 'sudo_become_plugin.flags'],
  },
  password: { variables: ['ANSIBLE_BECOME_PASS', 'ANSIBLE_SUDO_PASS'], keys: ['sudo_become_plugin.password'] },
  passwordFile: { variables: ['ANSIBLE_BECOME_PASSWORD_FILE'], keys: ['defaults.become_password_file'] },
  askPass: { variables: ['ANSIBLE_BECOME_ASK_PASS'], keys: ['privilege_escalation.become_ask_pass'] },
};
