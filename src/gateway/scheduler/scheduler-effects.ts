import type { Unload } from '../route/event.ts';

/** Carries out decisions that concern backends. */
export interface SchedulerEffects {
  /** The circuit of a backend is open: probe it at `nextProbeMs`. `isNew` is false after a failed probe. */
  onDown(backend: string, nextProbeMs: number, isNew: boolean): void;
  /** A probe has succeeded; `wasDown` is false if the circuit was not open. */
  onUp(backend: string, wasDown: boolean): void;
  /** A connection to a backend failed: probe it now. */
  onDoubt(backend: string): void;
  /** Load the model of a deployment, and report the result to {@link Scheduler.loaded}. */
  onLoad(replica: string, deployment: string): void;
  onUnload(unload: Unload): void;
  /** Ask the model of a deployment for one token, and report an answer to {@link Scheduler.tested}. */
  onTest(replica: string, deployment: string): void;
}

/** Does nothing. */
export const NO_EFFECTS: SchedulerEffects = {
  onDown() {},
  onUp() {},
  onDoubt() {},
  onLoad() {},
  onUnload() {},
  onTest() {},
};
