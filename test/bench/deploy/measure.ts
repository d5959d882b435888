import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { cgroupFolders, contained, removeCgroups } from '../../lab/cgroup.ts';
import { run } from '../../lab/command.ts';
import type { DelayRelay, Traffic } from '../../lab/delay-relay.ts';

/** The cost of one run. */
export interface Cost {
  readonly wallS: number;
  /** CPU time of the tool and all it started, on this machine. */
  readonly toolCpuS: number;
  /** CPU time of the hosts, all together. */
  readonly hostCpuS: number;
  /** Of all hosts together; round trips of the host with most of them. */
  readonly traffic: Traffic;
  /** The machine's load in the minute before. */
  readonly load: number;
}

/** A run to measure. */
export interface Measured {
  readonly argv: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly relays: readonly DelayRelay[];
  /** The names of the hosts. */
  readonly hosts: readonly string[];
}

/** Runs a tool to its end, with a connection of its own, and returns its cost. Throws with its output if it fails. */
export async function measure({ argv, folder, environment, relays, hosts }: Measured): Promise<Cost> {
  const load = loadavg()[0] ?? Number.NaN;
  const before = relays.map((relay) => relay.traffic());
  const hostCpuBefore = cpuSecondsOf(hosts);
  const ran = await run(contained('tool', argv), {
    cwd: folder,
    environment: { HOME: folder, NO_COLOR: '1', TERM: 'dumb', LC_ALL: 'C.UTF-8', ...environment },
    signal: AbortSignal.timeout(900_000),
  });
  const toolCpuS = cpuSecondsOf(['tool']);
  const hostCpuS = cpuSecondsOf(hosts) - hostCpuBefore;
  // Ansible leaves a process that keeps its connection.
  await removeCgroups('tool');
  if (ran.exitCode !== 0)
    throw new Error(`${argv.join(' ')} ended with ${String(ran.exitCode)}:\n${ran.stdout}\n${ran.stderr}`);
  return {
    wallS: ran.durationMs / 1000,
    toolCpuS,
    hostCpuS,
    traffic: relays.map((relay, index) => difference(relay.traffic(), before[index])).reduce(together, NOTHING),
    load,
  };
}

const NOTHING: Traffic = { connections: 0, sentBytes: 0, receivedBytes: 0, roundTrips: 0 };

/** The traffic of a relay since an earlier look at it. */
export function difference(after: Traffic, before: Traffic = NOTHING): Traffic {
  return {
    connections: after.connections - before.connections,
    sentBytes: after.sentBytes - before.sentBytes,
    receivedBytes: after.receivedBytes - before.receivedBytes,
    roundTrips: after.roundTrips - before.roundTrips,
  };
}

/** The traffic of two hosts at the same time. */
function together(one: Traffic, other: Traffic): Traffic {
  return {
    connections: one.connections + other.connections,
    sentBytes: one.sentBytes + other.sentBytes,
    receivedBytes: one.receivedBytes + other.receivedBytes,
    roundTrips: Math.max(one.roundTrips, other.roundTrips),
  };
}

/** CPU seconds of cgroups of the lab, from the unified hierarchy, which counts them without a controller (cgroup-v2.rst, cpu.stat). */
function cpuSecondsOf(names: readonly string[]): number {
  const unified = cgroupFolders().at(-1) ?? '';
  return names
    .map((name) => {
      const text = readFileSync(join(unified, name, 'cpu.stat'), 'utf8');
      return Number(/^usage_usec (\d+)$/m.exec(text)?.[1]) / 1e6;
    })
    .reduce((sum, seconds) => sum + seconds, 0);
}
