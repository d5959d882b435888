import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGateway } from '../../../src/gateway/gateway.ts';
import { readConfigText } from '../../../src/gateway/process/config-file.ts';
import { reload } from '../../../src/gateway/process/reload.ts';
import { longestTurnOf } from '../../longest-turn.ts';
import { markdown } from './table.ts';

const CASES = [
  { deployments: 400, servers: 10, fallbacks: false },
  { deployments: 6400, servers: 100, fallbacks: false },
  { deployments: 20_000, servers: 100, fallbacks: false },
  { deployments: 5000, servers: 100, fallbacks: true },
];
const ROUNDS = 3;

/** A file of as many aliases as deployments, each with the next as its fallback if there are any. */
function text({ deployments, servers, fallbacks }: (typeof CASES)[number]): string {
  const all = Array.from({ length: deployments }, (_, index) => index);
  const entries = all.map(
    (index) =>
      `  - model_name: a${String(index)}\n    litellm_params:\n      model: ollama_chat/m${String(index)}\n      api_base: http://127.0.0.1:${String(20_000 + (index % servers))}\n      num_ctx: 8192\n`,
  );
  const others = all.map((index) => `    - a${String(index)}: [a${String((index + 1) % deployments)}]\n`);
  return `model_list:\n${entries.join('')}${fallbacks ? `router_settings:\n  fallbacks:\n${others.join('')}` : ''}`;
}

function cpuMs<T>(work: () => T): readonly [T, number] {
  const before = process.cpuUsage();
  const value = work();
  const { user, system } = process.cpuUsage(before);
  return [value, (user + system) / 1000];
}

/** The longest turn of the event loop in a reload, ms of CPU time. */
async function longestTurnMs(gateway: ReturnType<typeof createGateway>, file: string): Promise<number> {
  const tell = (): void => {};
  const options = {
    environment: {},
    gateway,
    addresses: [],
    wouldMove: () => false,
    stateDir: undefined,
    log: () => {},
    tell,
  };
  return longestTurnOf(async () => {
    if (!(await reload({ file, ...options }))) throw new Error('the reload was refused');
  });
}

/** The CPU time of a start and of a reload of large files, and the longest turn of the event loop in a reload, the best of three rounds. */
export async function measureConfigs(): Promise<string> {
  const rows: string[][] = [];
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-configs-'));
  const path = join(folder, 'config.yaml');
  for (const one of CASES) {
    const file = text(one);
    writeFileSync(path, file);
    let best = [Infinity, Infinity, Infinity];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [config, read] = cpuMs(() => readConfigText(file, 'config.yaml', { environment: {} }).config);
      if (config === undefined) throw new Error('the file is invalid');
      const [gateway, created] = cpuMs(() => createGateway(config, () => {}));
      const longest = await longestTurnMs(gateway, path);
      await gateway.stop(0, new AbortController().signal);
      best = [read, created, longest].map((ms, index) => Math.min(ms, best[index] ?? ms));
    }
    const { deployments, servers, fallbacks } = one;
    rows.push([
      `${String(deployments)} on ${String(servers)}${fallbacks ? ', each with a fallback' : ''}`,
      ...best.map((ms) => ms.toFixed(0)),
    ]);
  }
  rmSync(folder, { recursive: true });
  return markdown(['deployments on servers', 'read, CPU ms', 'start', 'longest turn of a reload'], rows);
}
