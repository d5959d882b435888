import type { Runner } from './runner.ts';

const MIB = 1_048_576;

/** What the server has for its models. */
export interface Memory {
  readonly vramMiB: number;
}

/** How much of a runner is in VRAM, and whether that is all of it, beside the others. */
export function residency(
  runner: Runner,
  others: readonly Runner[],
  memory: Memory,
): { readonly vramBytes: number; readonly whole: boolean } {
  const taken = others.filter((other) => other !== runner).reduce((sum, other) => sum + other.sizeBytes, 0);
  const vramBytes = Math.max(0, Math.min(runner.sizeBytes, memory.vramMiB * MIB - taken));
  return { vramBytes, whole: vramBytes === runner.sizeBytes };
}

/** The context that a model gets where nobody says otherwise: the more VRAM, the more (below 23 GiB, below 47 GiB, above). */
export function defaultContext(memory: Memory): number {
  return memory.vramMiB < 23 * 1024 ? 4096 : memory.vramMiB < 47 * 1024 ? 32_768 : 262_144;
}
