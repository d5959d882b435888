import { join } from 'node:path';

/** The work of one run, in the order in which a host gets them. */
export const TASKS = ['first deployment', 'no change', 'dry run', 'one changed variable'] as const;
export type Task = (typeof TASKS)[number];

/** The programs and the folder of a run. */
export interface Workspace {
  /** The operator's folder: inventories, vault password, evidence. */
  readonly folder: string;
  /** The installed hxllm. */
  readonly program: string;
  /** Files that the playbook copies, and their names. */
  readonly payload: { readonly folder: string; readonly release: string; readonly runtime: string } | undefined;
}

/** A way to deploy. */
export interface Tool {
  readonly name: string;
  readonly command: (task: Task, place: Workspace) => readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const PLAYBOOK = join(import.meta.dirname, 'playbook/deploy.yml');
const MITOGEN = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy';
/** Hosts at once, of all tools: Ansible's own 5 would have it do ten hosts in two rounds. */
const FORKS = '10';

/** hxllm, and Ansible as it is, with pipelining, and with Mitogen. */
export const TOOLS: readonly Tool[] = [
  {
    name: 'hxllm',
    command: (task, { program }) => [
      process.execPath,
      program,
      'enforce',
      task === 'dry run' ? '--dry-run' : '--yes',
      '--vault-password-file',
      'vault-password',
    ],
    environment: {},
  },
  ansible('Ansible', {}),
  ansible('Ansible, pipelining', { ANSIBLE_PIPELINING: 'True' }),
  ansible('Ansible, Mitogen', {
    ANSIBLE_STRATEGY: 'mitogen_linear',
    ANSIBLE_STRATEGY_PLUGINS: MITOGEN,
    // Its fastest way: a first deployment took half the time without compression.
    ANSIBLE_SSH_ARGS: '-o Compression=no',
  }),
];

function ansible(name: string, environment: Readonly<Record<string, string>>): Tool {
  return {
    name,
    command: (task, { payload }) => {
      if (payload === undefined) throw new Error('hxllm deploys first: the playbook copies the same files');
      return [
        'ansible-playbook',
        '-i',
        'inventories/dev.ini',
        '--vault-password-file',
        'vault-password',
        ...(task === 'dry run' ? ['--check', '--diff'] : []),
        '-e',
        `files=${payload.folder} release=${payload.release} runtime=${payload.runtime}`,
        PLAYBOOK,
      ];
    },
    environment: { ANSIBLE_FORKS: FORKS, ANSIBLE_NOCOLOR: '1', ...environment },
  };
}
