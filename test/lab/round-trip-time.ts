import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';
import { startDelayRelay } from './delay-relay.ts';
import { KNOWN_HOSTS, PLACES } from './place.ts';

// Seconds of a preflight by round-trip time, in a lab that is up: node test/lab/round-trip-time.ts [RTT …]
const RUNS = 9;
const PROGRAM = join(import.meta.dirname, '../../bin/hxllm.js');
const rtts = process.argv.slice(2).map(Number);
const [api] = PLACES;
if (api === undefined) throw new Error('the lab has no host');

const folder = mkdtempSync(join(tmpdir(), 'hxlab-rtt-'));
try {
  for (const name of ['inventories', 'vault-password'])
    cpSync(join(import.meta.dirname, name), join(folder, name), { recursive: true });
  const inventory = join(folder, 'inventories/dev.ini');
  const plain = readFileSync(inventory, 'utf8');
  for (const rtt of rtts.length === 0 ? [0, 20, 100] : rtts) {
    await using relay = await startDelayRelay({ host: api.address, port: 22 }, rtt);
    const port = String(relay.port);
    const keys = readFileSync(KNOWN_HOSTS, 'utf8')
      .split('\n')
      .filter((line) => line.split(' ')[0]?.split(',').includes(api.address))
      .map((line) => line.replace(/^\S+/, `[127.0.0.1]:${port}`));
    writeFileSync(join(folder, 'known_hosts'), `${keys.join('\n')}\n`);
    writeFileSync(
      inventory,
      plain
        .replace(`ansible_host=${api.address}`, `ansible_host=127.0.0.1 ansible_port=${port}`)
        .replace(KNOWN_HOSTS, join(folder, 'known_hosts')),
    );
    const seconds: number[] = [];
    for (let index = 0; index < RUNS; index += 1) {
      const begunMs = performance.now();
      const ran = await run([process.execPath, PROGRAM, 'preflight'], {
        cwd: folder,
        environment: { HOME: folder, NO_COLOR: '1', TERM: 'dumb' },
      });
      if (ran.exitCode !== 0) throw new Error(ran.stdout + ran.stderr);
      seconds.push((performance.now() - begunMs) / 1000);
    }
    const sorted = seconds.toSorted((a, b) => a - b);
    process.stdout.write(
      `RTT ${String(rtt).padStart(3)} ms: ${(sorted[Math.floor(RUNS / 2)] ?? 0).toFixed(2)} s (${sorted[0]?.toFixed(2) ?? ''} to ${sorted.at(-1)?.toFixed(2) ?? ''})\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
