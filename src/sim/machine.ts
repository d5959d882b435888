import { Faults } from './faults/faults.ts';
import { Catalogue } from './models/catalogue.ts';
import { Scheduler } from './runner/scheduler.ts';
import type { Settings } from './settings.ts';

/** One simulated server behind its door: what it has, what is in its memory, and what is to go wrong. */
export interface Machine {
  readonly settings: Settings;
  readonly catalogue: Catalogue;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  /** Requests by path since the start. */
  readonly requests: Map<string, number>;
}

/** Builds a server with its models on disk and none in memory. */
export function createMachine(settings: Settings): Machine {
  return {
    settings,
    catalogue: new Catalogue(settings.models.map((model) => (typeof model === 'string' ? { name: model } : model))),
    scheduler: new Scheduler({
      numParallel: settings.numParallel,
      maxQueue: settings.maxQueue,
      maxLoadedModels: settings.maxLoadedModels,
      keepAlive: settings.keepAliveMs,
      memory: { vramMiB: settings.vramMiB },
    }),
    faults: new Faults(),
    requests: new Map(),
  };
}
