import type { Step } from '../plan/plan.ts';

/** Steps that travel together. */
export interface Batch {
  readonly kind: 'upload' | 'prepare' | 'switch';
  readonly steps: readonly Step[];
}

/** Groups the steps that travel together: each upload alone, neighbouring `prepare` steps in one script, the whole switch in one. */
export function batchesOf(steps: readonly Step[]): readonly Batch[] {
  const batches: Batch[] = [];
  for (const step of steps) {
    const kind = kindOf(step);
    const last = batches.at(-1);
    if (last?.kind === kind && kind !== 'upload') batches[batches.length - 1] = { kind, steps: [...last.steps, step] };
    else batches.push({ kind, steps: [step] });
  }
  return batches;
}

// The steps of `clean` end the script of the switch, which a lost connection does not stop.
function kindOf({ actions, stage }: Step): Batch['kind'] {
  if (actions.some((action) => action.kind === 'upload')) return 'upload';
  return stage === 'clean' ? 'switch' : stage;
}
