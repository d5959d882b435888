import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runPlain, runStreams } from './load.ts';
import type { Effort } from './measure.ts';
import { cpuUs, processTree } from './process-cost.ts';
import { spentBy, type By, type Spent } from './profile.ts';
import { floor, hxllm, start, type Proxy } from './proxy.ts';
import { markdown } from './table.ts';

interface Load {
  readonly title: string;
  /** Returns the number of units served. */
  run(port: number, effort: Effort): Promise<number>;
}

const LOADS: readonly Load[] = [
  {
    title: 'request',
    run: async (port, { connections, seconds }) => (await runPlain(port, connections, seconds * 1000)).requests,
  },
  {
    title: 'chunk',
    run: async (port, { streams, gapMs, seconds }) => {
      const pieces = Math.ceil((seconds * 1000) / gapMs);
      await runStreams(port, { streams, gapMs, pieces }, () => 0);
      return streams * pieces;
    },
  },
];

/**
 * Attributes each µs that hxllm takes beyond the bare proxy, per request and per chunk. Both run under V8's profiler, which has a
 * cost of its own.
 */
export async function attribute(folder: string, backends: readonly string[], effort: Effort, by: By): Promise<string> {
  let text = '';
  for (const load of LOADS) {
    const bare = await profiled((flags) => floor(flags), folder, backends, effort, load, by);
    const ours = await profiled((flags) => hxllm('ollama_chat', flags), folder, backends, effort, load, by);
    const names = [...new Set([...ours.keys(), ...bare.keys()])];
    const rows = names
      .map((name) => ({ name, a: bare.get(name) ?? 0, b: ours.get(name) ?? 0 }))
      .toSorted((x, y) => y.b - y.a - (x.b - x.a));
    const sum = rows.reduce((all, { a, b }) => ({ name: 'all', a: all.a + a, b: all.b + b }), {
      name: 'all',
      a: 0,
      b: 0,
    });
    const cells = [...rows.filter(({ a, b }) => a + b >= 0.1), sum].map(({ name, a, b }) => [
      name,
      a.toFixed(1),
      b.toFixed(1),
      (b - a).toFixed(1),
    ]);
    text += `${markdown([`µs per ${load.title}, by where the code is`, 'bare', 'hxllm', 'difference'], cells)}\n`;
  }
  return text;
}

// The profile's shares, scaled to the CPU time that the system counted.
async function profiled(
  make: (flags: readonly string[]) => Proxy,
  folder: string,
  backends: readonly string[],
  effort: Effort,
  load: Load,
  by: By,
): Promise<Spent> {
  const profiles = join(folder, 'profiles');
  rmSync(profiles, { recursive: true, force: true });
  mkdirSync(profiles);
  const proxy = await start(
    make(['--cpu-prof', `--cpu-prof-dir=${profiles}`, '--cpu-prof-interval=500']),
    folder,
    backends,
  );
  await load.run(proxy.port, { ...effort, seconds: 2 });
  const [fromUs, cpuBefore] = [nowUs(), cpuUs(processTree(proxy.pid))];
  const units = await load.run(proxy.port, effort);
  const [toUs, cpu] = [nowUs(), cpuUs(processTree(proxy.pid)) - cpuBefore];
  await proxy.stop();
  const [file = ''] = readdirSync(profiles);
  const spent = spentBy(join(profiles, file), join(folder, 'gateway.mjs'), fromUs, toUs, by);
  const sampled = [...spent.values()].reduce((sum, us) => sum + us, 0);
  return new Map([...spent].map(([name, us]) => [name, (us * cpu) / sampled / units]));
}

function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
