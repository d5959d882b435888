import type { Runner } from './runner.ts';

const MIB = 1_048_576;

/** The memory of the server. */
export interface Memory {
  readonly vramMiB: number;
}

/** How many bytes of a runner are in VRAM beside the other runners, and whether that is all of it. */
export function residency(
  runner: Runner,
  others: readonly Runner[],
  memory: Memory,
): { readonly vramBytes: number; readonly whole: boolean } {
  const taken = others.filter((other) => other !== runner).reduce((sum, other) => sum + other.sizeBytes, 0);
  const vramBytes = Math.max(0, Math.min(runner.sizeBytes, memory.vramMiB * MIB - taken));
  return { vramBytes, whole: vramBytes === runner.sizeBytes };
}

/** The default context length, by VRAM: below 23 GiB, below 47 GiB, above. */
export function defaultContext(memory: Memory): number {
  return memory.vramMiB < 23 * 1024 ? 4096 : memory.vramMiB < 47 * 1024 ? 32_768 : 262_144;
}
