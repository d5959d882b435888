import type { SimRequest } from './request.ts';
import type { SimModel } from './server/model.ts';
import type { ServerSpec } from './server/server.ts';

/** An event of a server's life: it dies, starts again, or runs at a part of its speed (0: it stands still). */
export interface Fault {
  readonly atMs: number;
  /** Index of the server. */
  readonly server: number;
  readonly change: 'die' | 'start' | { readonly slow: number };
}

/** Everything that happens in a simulation apart from decisions. */
export interface Scenario {
  readonly servers: readonly ServerSpec[];
  readonly models: readonly SimModel[];
  /** In the order of their times. */
  readonly requests: readonly SimRequest[];
  readonly faults: readonly Fault[];
  /** The servers of each model, by index; without it, all. */
  readonly serves?: ReadonlyMap<string, readonly number[]>;
}
