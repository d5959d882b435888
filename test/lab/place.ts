import { join } from 'node:path';

/** The zone that the hosts are in, as in the field. */
export const ZONE = 'dev-test.hana-x.ai';

/**
 * The folder of a running lab with its key, its known_hosts and the hosts' disks; `down` removes it. The inventory names it too.
 */
export const STATE = '/var/lib/hxllm-lab';

/** The folder of images and layers, kept from one lab to the next. */
export const CACHE = '/var/cache/hxllm-lab';

/** The name of the lab's cgroups and of its unfinished images. Labs in namespaces of their own share both places with this machine. */
export const NAME = process.env['HXLLM_LAB_NAME'] ?? 'hxllm-lab';

/** The end of the name of an image that is being built. */
export const PARTIAL = `.${NAME}.partial`;

/** The prefix of every link, network namespace and machine of the lab. */
export const PREFIX = 'hxlab-';

/** The bridge of the hosts; this machine is 10.77.0.1 there. */
export const BRIDGE = `${PREFIX}br0`;
export const BRIDGE_ADDRESS = '10.77.0.1';
export const DNS_ADDRESS = '10.77.0.53';

/** The private key that opens every host, as the user `deploy`. */
export const KEY = join(STATE, 'id_ed25519');
export const KNOWN_HOSTS = join(STATE, 'known_hosts');

/** The unprivileged user with password-less sudo that the inventory logs in as. */
export const USER = 'deploy';

/** The role of a host: to be deployed to, or to serve models. */
export type Role = 'api' | 'llm';

/** One host of the lab. */
export interface Place {
  readonly name: HostName;
  readonly role: Role;
  readonly address: string;
  /** Last part of the address; the host's link is named after it. */
  readonly octet: number;
}

/** The hosts of the lab, and further ones that a benchmark boots beside them. */
export type HostName = 'hx-api-server' | 'hx-llm01-server' | 'hx-llm02-server' | `hx-bench${number}`;

/** The three hosts, in the inventory's order. */
export const PLACES: readonly Place[] = [
  { name: 'hx-api-server', role: 'api', address: '10.77.0.11', octet: 11 },
  { name: 'hx-llm01-server', role: 'llm', address: '10.77.0.12', octet: 12 },
  { name: 'hx-llm02-server', role: 'llm', address: '10.77.0.13', octet: 13 },
];

/** The folder of one host's disk, console and process id. */
export function hostFolder(name: HostName): string {
  return join(STATE, 'hosts', name);
}
