import type { Plan } from '../../src/plan/plan.ts';

export function idsOf(plan: Plan): readonly string[] {
  return plan.steps.map((step) => step.id);
}

export function commandsOf(plan: Plan, id: string): readonly string[] {
  return plan.steps
    .filter((step) => step.id === id)
    .flatMap((step) => step.actions)
    .flatMap((action) => (action.kind === 'command' ? [action.argv.join(' ')] : []));
}
