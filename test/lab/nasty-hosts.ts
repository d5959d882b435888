import type { Operator } from './operator.ts';

/** A phase of the way that every nasty host is taken through. */
export interface NastyPhase {
  readonly name: string;
  readonly words: readonly string[];
}

export const PHASES: readonly NastyPhase[] = [
  { name: 'preflight', words: ['preflight'] },
  { name: 'enforce', words: ['enforce', '--yes'] },
  { name: 'enforce again', words: ['enforce', '--yes'] },
  { name: 'uninstall', words: ['uninstall', '--yes'] },
];

/** The result of a phase. */
export interface Seen {
  readonly exitCode: number;
  readonly said: string;
}

/** A host as operators meet it: how it is made, and what each phase is to say about it. */
export interface NastyHost {
  readonly name: string;
  /** A script of root on the host, and the one that takes it back. */
  readonly prepare: string;
  readonly undo: string;
  /** Words for enforce. */
  readonly words?: readonly string[];
  /** Changes the operator's files before a phase. */
  readonly change?: (operator: Operator, phase: NastyPhase) => void;
  /** For each phase the exit code, and the line that tells: the first failure, else the first warning, else the last line. */
  readonly expected: readonly (readonly [exitCode: number, line: RegExp])[];
  /** Differences after uninstall that are meant. */
  readonly left?: RegExp;
}

const FOREIGN = `
set -e
useradd --system --no-create-home --shell /usr/sbin/nologin llm
mkdir -p /etc/litellm /srv/llm
printf '#!/bin/bash\\nexec systemd-socket-activate --listen=4000 --accept --inetd /bin/true\\n' >/srv/llm/litellm
chmod 755 /srv/llm/litellm
printf 'model_list: [{model_name: a, litellm_params: {model: a, api_key: canary}}]\\n' >/etc/litellm/config.yaml
printf '[Service]\\nUser=llm\\nEnvironment="A=1" "DB_PASSWORD=canary"\\nExecStart=/srv/llm/litellm\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/litellm.service
systemctl daemon-reload
systemctl enable --quiet --now litellm
`;

const READY = [0, /^next +hxllm inventory /] as const;
const INSTALLED = [0, /^next +hxllm smoke /] as const;
const REMOVED = [0, /^head +[0-9a-f]{64}$/] as const;
const PASSED = [READY, INSTALLED, INSTALLED, REMOVED] as const;

export const NASTY_HOSTS: readonly NastyHost[] = [
  {
    name: 'a foreign LiteLLM with secrets in flow style',
    prepare: FOREIGN,
    undo: `for file in /var/backups/litellm-*/put-back.sh; do sh "$file"; done; systemctl disable --quiet --now litellm; rm -r /etc/litellm /srv/llm /etc/systemd/system/litellm.service; userdel llm; systemctl daemon-reload`,
    words: ['--take-over'],
    expected: [[0, /^! no foreign installation is in the way: /], INSTALLED, INSTALLED, REMOVED],
    left: / \/(?:var\/backups\/litellm-|etc\/systemd\/system|etc\/litellm)/,
  },
  {
    name: 'odd owners, and a login shell of another kind (tcsh)',
    prepare: 'mkdir /etc/litellm; chown 0:54321 /etc/litellm; usermod --shell /usr/bin/tcsh deploy',
    undo: 'rmdir /etc/litellm; usermod --shell /bin/bash deploy',
    expected: PASSED,
  },
  {
    name: 'drop-ins, MaxSessions 1, and a login shell of another kind (fish)',
    prepare: `mkdir -p /etc/systemd/system/litellm.service.d; printf '[Service]\\nMemoryMax=2G\\n' >/etc/systemd/system/litellm.service.d/override.conf; systemctl daemon-reload; printf 'MaxSessions 1\\n' >/etc/ssh/sshd_config.d/00-one.conf; systemctl reload ssh; usermod --shell /usr/bin/fish deploy`,
    undo: 'rm -r /etc/systemd/system/litellm.service.d /etc/ssh/sshd_config.d/00-one.conf; systemctl daemon-reload; systemctl reload ssh; usermod --shell /bin/bash deploy; rm -rf /home/deploy/.config /home/deploy/.local',
    expected: PASSED,
    left: /^\+ \/home\/deploy\/\.(?:config|local)/,
  },
  {
    name: 'start files of the login shell that write, and set what bash heeds',
    prepare: `cp -a /home/deploy/.bashrc /home/deploy/.kept; printf 'echo noisy; echo noisy >&2\\nprintf "\\\\033]0;a title\\\\007"\\nset -u; umask 000; cd /tmp\\nexport TMOUT=600 POSIXLY_CORRECT=1 CDPATH=/tmp\\n' >/home/deploy/.bashrc`,
    undo: 'mv /home/deploy/.kept /home/deploy/.bashrc',
    expected: PASSED,
  },
  {
    name: 'sudo that logs its input',
    prepare: "printf 'Defaults log_input, log_output\\n' >/etc/sudoers.d/aa-log; chmod 440 /etc/sudoers.d/aa-log",
    undo: 'rm /etc/sudoers.d/aa-log',
    expected: [
      [0, /^! sudo logs neither input nor output: \/etc\/sudoers\.d\/aa-log:1: /],
      INSTALLED,
      INSTALLED,
      REMOVED,
    ],
  },
  {
    name: 'a file system without programs',
    prepare: 'mkdir /opt/litellm; mount -t tmpfs -o noexec none /opt/litellm',
    undo: 'umount /opt/litellm; rmdir /opt/litellm',
    expected: [
      [1, /^✗ programs may be run where the runtime belongs \[disk\.executable\]$/],
      [1, /^✗ check the configuration with the new release$/],
      [1, /^✗ check the configuration with the new release$/],
      REMOVED,
    ],
  },
  {
    name: 'an account of a person',
    prepare: 'useradd --create-home --shell /bin/bash --groups sudo litellm',
    undo: 'userdel --remove litellm 2>/dev/null; ! getent group litellm || groupdel litellm',
    expected: [
      [1, /^✗ the account has no more rights than the service needs \[account\.rights\]$/],
      [1, /^✗ the account/],
      [1, /^✗ the account/],
      REMOVED,
    ],
  },
  {
    name: 'folders that move',
    prepare: ':',
    undo: ':',
    change: (operator, { name }) => {
      if (name === 'enforce again')
        operator.edit(
          'inventories/group_vars/all/main.yml',
          'litellm_backends:',
          'litellm_config_dir: /etc/hx-litellm\nlitellm_install_dir: /srv/hx-litellm\nlitellm_backends:',
        );
    },
    expected: PASSED,
  },
  {
    name: '80 backends',
    // 78 more names of the two servers, which the host alone knows.
    prepare:
      'cp -a /etc/hosts /etc/hosts.kept; for n in {1..78}; do echo "10.77.0.$((12 + n % 2)) backend$n"; done >>/etc/hosts',
    undo: 'mv /etc/hosts.kept /etc/hosts',
    change: (operator, { name }) => {
      if (name !== 'preflight') return;
      const more = Array.from({ length: 78 }, (_, index) => `  - "http://backend${String(index + 1)}:11434"`);
      operator.edit(
        'inventories/group_vars/all/main.yml',
        'litellm_backends:',
        `litellm_backends:\n${more.join('\n')}`,
      );
    },
    expected: PASSED,
  },
];
