import type { Random } from '../../../src/simulation/random.ts';
import { modelOf, type SimModel } from '../../../src/simulation/server/model.ts';
import type { ServerSpec } from '../../../src/simulation/server/server.ts';
import { capacityOf } from './capacity.ts';
import type { Draft } from './chats.ts';
import { CHAT, type ChatLengths } from './lengths.ts';

/** The length of a workload, and of its prompts and answers. */
export interface Extent {
  readonly forMs: number;
  readonly lengths: ChatLengths;
}

/** Simulated minutes of most workloads. */
export const MINUTES = 20;
const SAMPLES = 4000;

/** The extent of most workloads. */
export const USUAL: Extent = { forMs: MINUTES * 60_000, lengths: CHAT };

/** Equal servers; each holds two models with four slots, unless it says otherwise. */
export function serversOf(count: number, more: Partial<ServerSpec> = {}): readonly ServerSpec[] {
  return Array.from({ length: count }, () => ({ room: 2, slots: 4, speed: 1, hasHostMemory: false, ...more }));
}

/** Models of one size, by number. */
export function modelsOf(random: Random, count: number, loadMs?: number, billions = 8): readonly SimModel[] {
  return Array.from({ length: count }, (_, index) => modelOf(`m${String(index)}`, billions, blobOf(random), loadMs));
}

/** The name of a file with weights. */
export function blobOf(random: Random): string {
  return random.below(2 ** 32).toString(16);
}

/** Minutes in milliseconds. */
export function minutes(count: number): number {
  return count * 60_000;
}

/** Requests like those of `make` a second, at a part of the capacity of the servers. */
export function rateAt(
  load: number,
  servers: readonly ServerSpec[],
  models: readonly SimModel[],
  make: () => Draft,
): number {
  return load * capacityOf(servers, models, Array.from({ length: SAMPLES }, make));
}
