import { startSim, type Sim, type SimOptions } from '../../../src/sim/server.ts';

export const SIM: SimOptions = { models: [{ name: 'm', answerTokens: 12 }], loadMs: 20, tokenMs: 4 };

/** Simulated servers that end with the block. */
export async function startSims(
  count: number,
  options: SimOptions = {},
): Promise<{ readonly sims: readonly Sim[]; [Symbol.asyncDispose](): Promise<void> }> {
  const sims = await Promise.all(Array.from({ length: count }, () => startSim({ ...SIM, ...options })));
  return {
    sims,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sims.map((sim) => sim.close()));
    },
  };
}

export function withSlots(
  servers: readonly { readonly url: string }[],
  numParallel: number,
  more: object = {},
): object {
  return {
    hxllm: { backends: Object.fromEntries(servers.map(({ url }) => [url, { num_parallel: numParallel }])), ...more },
  };
}

export const say = (number: number): object => ({ messages: [{ role: 'user', content: `request ${String(number)}` }] });

/** Watches the queues inside servers until the block ends, and keeps the longest. */
export function watch(sims: readonly Sim[]): { inside: number; busy: number; [Symbol.dispose](): void } {
  const seen = {
    inside: 0,
    busy: 0,
    [Symbol.dispose]: () => {
      clearInterval(watching);
    },
  };
  const watching = setInterval(() => {
    seen.inside = Math.max(seen.inside, ...sims.map((sim) => sim.activity().waiting));
    seen.busy = Math.max(seen.busy, ...sims.map((sim) => sim.activity().busy));
  }, 1);
  return seen;
}
