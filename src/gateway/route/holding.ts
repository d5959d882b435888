import type { FleetSpec } from './fleet-spec.ts';
import type { RateWindow } from './rate-window.ts';
import type { Rates } from './rates.ts';
import type { AbandonedPrefill } from './abandoned-prefill.ts';
import type { Speed } from './speed.ts';
import type { Work } from './work.ts';

/** A slot that a request of another instance has, or that another instance gives to a request of this one. */
export interface Holding {
  readonly request: string;
  readonly deployment: string;
  readonly queue: string;
  readonly work: Work;
  readonly sinceMs: number;
  readonly assignedMs: number;
  readonly started: boolean;
  readonly reason: string;
  /** Deployments of which one was chosen. */
  readonly free: number;
}

/** The knowledge of an instance about the servers, for the one that decides next. */
export interface ForeignFacts {
  /** The deployments that its requests use, with their backends: another configuration may not have them. */
  readonly spec: FleetSpec;
  readonly replicas: readonly ReplicaFacts[];
  readonly deployments: readonly { readonly id: string; readonly rateWindow: RateWindow }[];
  /** Its loads under way. */
  readonly loads: readonly { readonly deployment: string; readonly sinceMs: number }[];
}

/** The part about a model on a backend. */
export interface ReplicaFacts {
  readonly id: string;
  /** The options of the runner that a gateway has loaded; a list does not show them. */
  readonly runner: string | undefined;
  readonly slots: number;
  readonly isSlotsSeen: boolean;
  readonly abandonedPrefills: readonly AbandonedPrefill[];
  readonly rates: Rates;
  readonly speed: Speed;
}
