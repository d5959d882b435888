import { spawn } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contained } from './cgroup.ts';
import { must, until } from './command.ts';
import { BRIDGE, BRIDGE_ADDRESS, DNS_ADDRESS, PLACES, PREFIX, STATE, ZONE } from './place.ts';

/** Creates the bridge of the hosts, with this machine as its first address. */
export async function raiseBridge(): Promise<void> {
  await must(['ip', 'link', 'add', BRIDGE, 'type', 'bridge', 'forward_delay', '0']);
  await must(['ip', 'addr', 'add', `${BRIDGE_ADDRESS}/24`, 'dev', BRIDGE]);
  await must(['ip', 'link', 'set', BRIDGE, 'up']);
}

/**
 * Creates a network namespace on the bridge with one address, and returns its path; its default route leads to this machine, which
 * forwards nothing.
 */
export async function addNamespace(name: string, octet: number): Promise<string> {
  const [namespace, link] = [`${PREFIX}${name}`, `${PREFIX}${String(octet)}`];
  await must(['ip', 'netns', 'add', namespace]);
  await must(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'host0', 'netns', namespace]);
  await must(['ip', 'link', 'set', link, 'master', BRIDGE, 'up']);
  await must(['ip', '-n', namespace, 'link', 'set', 'lo', 'up']);
  await must(['ip', '-n', namespace, 'addr', 'add', `10.77.0.${String(octet)}/24`, 'dev', 'host0']);
  await must(['ip', '-n', namespace, 'link', 'set', 'host0', 'up']);
  await must(['ip', '-n', namespace, 'route', 'add', 'default', 'via', BRIDGE_ADDRESS]);
  return join('/run/netns', namespace);
}

/** Starts the zone's name server in a namespace of its own and waits until it answers. It knows the zone and nothing else. */
export async function startDns(signal: AbortSignal): Promise<void> {
  const folder = join(STATE, 'dns');
  await mkdir(folder, { recursive: true });
  const configFile = join(folder, 'dnsmasq.conf');
  await writeFile(configFile, dnsConfig());
  const namespace = await addNamespace('dns', 53);
  startDetached(
    'dns',
    ['nsenter', `--net=${namespace}`, 'dnsmasq', '--keep-in-foreground', `--conf-file=${configFile}`],
    join(folder, 'log'),
  );
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([DNS_ADDRESS]);
  const first = PLACES[0];
  await until(
    'the name server',
    30_000,
    () =>
      resolver.resolve4(`${first?.name ?? ''}.${ZONE}`).then(
        (found) => found.length > 0,
        () => false,
      ),
    signal,
  );
}

/**
 * Starts a program of the lab that outlives this process, in a cgroup of its own, with its output in a file; returns its process
 * id.
 */
export function startDetached(name: string, argv: readonly string[], logFile: string): number {
  const log = openSync(logFile, 'a');
  const [program = '', ...rest] = contained(name, argv);
  const child = spawn(program, rest, { detached: true, stdio: ['ignore', log, log] });
  child.unref();
  closeSync(log);
  if (child.pid === undefined) throw new Error(`cannot start ${program}`);
  return child.pid;
}

/** The configuration of the zone's name server: its hosts, forward and reverse. */
export function dnsConfig(): string {
  const records = PLACES.map(({ name, address }) => `host-record=${name}.${ZONE},${name},${address},60`);
  return `${['no-resolv', 'no-hosts', 'user=root', 'bind-interfaces', 'interface=host0', `domain=${ZONE}`, `local=/${ZONE}/`, 'local=/77.10.in-addr.arpa/', ...records].join('\n')}\n`;
}
