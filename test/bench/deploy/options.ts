import { parseArgs } from 'node:util';

/** The hosts and the network of a part of the bench. */
export interface Setting {
  readonly name: string;
  readonly hosts: number;
  readonly rttMs: number;
  /** Tools beside hxllm. */
  readonly rivals: boolean;
}

/** All parts, in order. */
export const SETTINGS: readonly Setting[] = [
  ...[0, 20, 100].map((rttMs) => ({ name: `1 host, ${String(rttMs)} ms`, hosts: 1, rttMs, rivals: true })),
  { name: '10 hosts, 20 ms', hosts: 10, rttMs: 20, rivals: true },
  { name: '10 hosts, 100 ms', hosts: 10, rttMs: 100, rivals: false },
];

/** The text of `--help`. */
export const USAGE = `npm run bench:deploy [-- OPTIONS]    hxllm and an Ansible playbook of the same work, against the same hosts of the lab

It boots a lab of its own, as root on Debian, and needs ansible-core and ansible-mitogen of Debian, and curl.

  --only REGEX    parts: ${SETTINGS.map(({ name }) => name).join('; ')}
  --tools REGEX   of hxllm (always there), Ansible, Ansible, pipelining, Ansible, Mitogen
`;

/** The command line. */
export interface Options {
  readonly settings: readonly Setting[];
  readonly tools: RegExp;
}

/** Reads the command line; `help` wins. Throws an error with the reason if it cannot. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '.' },
      tools: { type: 'string', default: '.' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return 'help';
  const only = new RegExp(values.only);
  const settings = SETTINGS.filter(({ name }) => only.test(name));
  if (settings.length === 0)
    throw new Error(`No part matches ${values.only}; there are: ${SETTINGS.map(({ name }) => name).join('; ')}.`);
  return { settings, tools: new RegExp(values.tools) };
}
