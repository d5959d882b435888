import { readConfigText } from '../../../src/gateway/process/config-file.ts';
import { createService } from '../../../src/gateway/service.ts';
import { markdown } from './table.ts';

const CASES = [
  { deployments: 6400, servers: 100, fallbacks: false },
  { deployments: 20_000, servers: 100, fallbacks: false },
  { deployments: 20_000, servers: 20_000, fallbacks: false },
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

/** The CPU time of a start and of a reload of large files, the best of three rounds. */
export async function measureConfigs(): Promise<string> {
  const rows: string[][] = [];
  for (const one of CASES) {
    const file = text(one);
    let best = [Infinity, Infinity, Infinity];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [{ config }, read] = cpuMs(() => readConfigText(file, 'config.yaml', { environment: {} }));
      if (config === undefined) throw new Error('the file is invalid');
      const [service, created] = cpuMs(() => createService(config, () => {}, { onLoaded() {}, onReplaced() {} }));
      const [, replaced] = cpuMs(() => service.replacedBy(config));
      await service.close();
      best = [read, created, replaced].map((ms, index) => Math.min(ms, best[index] ?? ms));
    }
    const { deployments, servers, fallbacks } = one;
    rows.push([
      `${String(deployments)} on ${String(servers)}${fallbacks ? ', each with a fallback' : ''}`,
      ...best.map((ms) => ms.toFixed(0)),
    ]);
  }
  return markdown(['deployments on servers', 'read, CPU ms', 'start', 'reload'], rows);
}
