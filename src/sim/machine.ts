import { Faults } from './faults/faults.ts';
import { Catalogue } from './models/catalogue.ts';
import { Journal } from './runner/journal.ts';
import { Processor } from './runner/processor.ts';
import { Scheduler } from './runner/scheduler.ts';
import type { Settings } from './settings.ts';

/** One simulated server without its HTTP door: models on disk, models in memory, pending faults. */
export interface Machine {
  readonly settings: Settings;
  readonly catalogue: Catalogue;
  readonly scheduler: Scheduler;
  readonly processor: Processor;
  readonly journal: Journal;
  readonly faults: Faults;
  /** Number of requests for each path since the start. */
  readonly requests: Map<string, number>;
}

/** Creates a machine with its models on disk and none in memory. */
export function createMachine(settings: Settings): Machine {
  const journal = new Journal();
  const scheduler = new Scheduler(
    {
      numParallel: settings.numParallel,
      maxQueue: settings.maxQueue,
      maxLoadedModels: settings.maxLoadedModels,
      keepAlive: settings.keepAliveMs,
      memory: { vramMiB: settings.vramMiB },
    },
    journal,
  );
  return {
    settings,
    catalogue: new Catalogue(settings.models.map((model) => (typeof model === 'string' ? { name: model } : model))),
    scheduler,
    processor: new Processor(settings, () => scheduler.list()),
    journal,
    faults: new Faults(),
    requests: new Map(),
  };
}
