import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../../core/problem.ts';
import { keptEvents, type KeptEvent, type PhaseEvent, type StepEvent } from '../../core/recorder.ts';
import type { CheckResult } from '../../core/verdict.ts';
import type { PhaseOutcome } from './outcome.ts';

/** Remembers the events of a phase. */
export interface EventLog {
  add(event: PhaseEvent): void;
  /** Whether this result or Problem was an event. */
  has(thing: unknown): boolean;
  /** The results of the checks so far. */
  results(): readonly CheckResult[];
  kept(): Pick<PhaseOutcome, 'steps' | 'notes'>;
}

/** An empty log. */
export function createEventLog(): EventLog {
  const results: CheckResult[] = [];
  const problems: Problem[] = [];
  const notes: string[] = [];
  const steps = new Map<string, StepEvent>();
  const add = (event: KeptEvent): void => {
    if (event.kind === 'check') results.push(event.result);
    if (event.kind === 'problem') problems.push(event.problem);
    if (event.kind === 'note') notes.push(event.text);
    // A later state replaces the earlier one and keeps a detail that it does not repeat.
    if (event.kind === 'step')
      steps.set(`${event.host}\n${event.id}`, { ...steps.get(`${event.host}\n${event.id}`), ...event });
  };
  return {
    add: (event) => {
      for (const kept of keptEvents(event)) add(kept);
    },
    results: () => results,
    has: (thing) => [...results, ...problems].some((known) => isDeepStrictEqual(known, thing)),
    kept: () => ({ steps: [...steps.values()], notes }),
  };
}
