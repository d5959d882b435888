import type { PlanEvent } from '../../../core/recorder.ts';
import type { Plan } from '../../../plan/plan.ts';

/** A host's plan as it is shown before anything is applied: without the actions, which carry megabytes and secrets. */
export function planEvent(host: string, { steps }: Plan): PlanEvent {
  return {
    kind: 'plan',
    host,
    steps: steps.map(({ id, title, detail, verb, blocked }) => ({
      id,
      title,
      detail,
      verb,
      ...(blocked === undefined ? {} : { blocked }),
    })),
  };
}
