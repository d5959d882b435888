import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandResult } from '../../../src/core/host.ts';
import { run, until } from '../command.ts';
import { hostFolder, KEY, KNOWN_HOSTS, USER, ZONE, type HostName, type Place, type Role } from '../place.ts';
import { readFiles, type Files } from './overlay.ts';

/** A running host of the lab. */
export interface LabHost {
  readonly name: HostName;
  readonly role: Role;
  readonly address: string;
  /** Its name in the zone. */
  readonly fullName: string;
  /** Runs a bash script as root inside, without SSH: preparations and checks of a test are apart from the tested path. */
  sh(script: string): Promise<CommandResult>;
  /** The same for a script that must succeed; returns its output, trimmed. */
  must(script: string): Promise<string>;
  /** The ssh command that logs in as `deploy`, checking the host key; words after it are run there. */
  sshCommand(...words: readonly string[]): readonly string[];
  /** Every file as it is now, for a comparison by `changedFiles`. */
  files(): Files;
  /** Reboots it and waits until it is up again. */
  reboot(): Promise<void>;
}

const ENVIRONMENT = [
  'env',
  '-i',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'LANG=C.UTF-8',
  'SYSTEMD_PAGER=',
];

/** The handle of a booted host. */
export function openHost(place: Place): LabHost {
  const sh = (script: string): Promise<CommandResult> => {
    const leader = leaderOf(place.name);
    if (leader === undefined) throw new Error(`${place.name} is not running`);
    return run(['nsenter', '-t', String(leader), '-a', ...ENVIRONMENT, '/bin/bash', '-s'], { stdin: script });
  };
  const handle: LabHost = {
    name: place.name,
    role: place.role,
    address: place.address,
    fullName: `${place.name}.${ZONE}`,
    sh,
    must: async (script) => {
      const ran = await sh(script);
      if (ran.exitCode !== 0)
        throw new Error(`${place.name}: ended with ${String(ran.exitCode)}: ${script}\n${ran.stdout}${ran.stderr}`);
      return ran.stdout.trim();
    },
    sshCommand: (...words) => [...sshTo(place), ...words],
    files: () => readFiles(place.name),
    reboot: async () => {
      const before = leaderOf(place.name);
      await sh('systemctl reboot');
      await until(`${place.name} to go down`, 60_000, () => Promise.resolve(leaderOf(place.name) !== before));
      await waitForHost(handle);
    },
  };
  return handle;
}

/** Waits until a host has booted completely and accepts `deploy` over SSH. */
export async function waitForHost(host: LabHost, signal?: AbortSignal): Promise<void> {
  await until(
    `${host.name} to boot`,
    150_000,
    async () => {
      if (leaderOf(host.name) === undefined) return false;
      try {
        // `running` comes after every unit; before that, unprivileged logins are refused.
        return (await host.sh('systemctl is-system-running')).stdout.trim() === 'running';
      } catch {
        // The host that was there a moment ago has gone down for its reboot.
        return false;
      }
    },
    signal,
  );
  await until(
    `${host.name} to answer over SSH`,
    60_000,
    async () => (await run(host.sshCommand('true'))).exitCode === 0,
    signal,
  );
}

/** The host's first process by this machine's numbering; `undefined` if it does not run. */
export function leaderOf(name: HostName): number | undefined {
  const pidFile = join(hostFolder(name), 'pid');
  if (!existsSync(pidFile)) return undefined;
  // The supervisor's child is nspawn, and nspawn's child the host's own init.
  return childOf(childOf(Number(readFileSync(pidFile, 'utf8'))));
}

/** The first child of a process of this machine. */
export function childOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const first = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').split(' ')[0];
    return first === undefined || first === '' ? undefined : Number(first);
  } catch {
    return undefined;
  }
}

function sshTo(place: Place): readonly string[] {
  const options = [
    'IdentitiesOnly=yes',
    'BatchMode=yes',
    'ConnectTimeout=5',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${KNOWN_HOSTS}`,
  ];
  return [
    'ssh',
    '-F',
    'none',
    '-q',
    '-i',
    KEY,
    ...options.flatMap((option) => ['-o', option]),
    `${USER}@${place.address}`,
  ];
}
