import type { PhaseTools } from '../../core/phase.ts';
import { unknown, type CheckResult } from '../../core/verdict.ts';
import { changesHost, countChanges, type Step } from '../../plan/plan.ts';
import { planEvent } from '../host/plan-event.ts';
import type { Prepared } from './prepare.ts';

/** Shows a host's plan step by step, as it would be applied, and keeps it. */
export function showPlan({ host, plan }: Prepared, { recorder }: Pick<PhaseTools, 'recorder'>): void {
  if (plan.steps.length === 0)
    recorder.event({ kind: 'note', host: host.name, text: 'nothing differs from what is wanted' });
  else recorder.event(planEvent(host.name, plan));
  recorder.file(`hosts/${host.name}/plan.json`, plan.steps.map(describe));
}

/** What the person is asked. */
export function questionFor(prepared: readonly Prepared[]): string {
  const changing = prepared.filter((one) => one.plan.steps.length > 0);
  const changes = changing.reduce((sum, one) => sum + countChanges(one.plan.steps), 0);
  const names = changing.map((one) => one.host.name).join(', ');
  return changes === 0
    ? `Confirm what runs on ${names}?`
    : `Apply ${String(changes)} ${changes === 1 ? 'change' : 'changes'} to ${names}?`;
}

/** A result for each step of a dry run that cannot be known. */
export function blockedResults({ host, plan }: Prepared): readonly CheckResult[] {
  return plan.steps.flatMap((step) =>
    step.blocked === undefined
      ? []
      : [
          {
            id: `enforce.${step.id}`,
            title: step.title,
            severity: 'error' as const,
            host: host.name,
            ...unknown(step.blocked),
          },
        ],
  );
}

// Without the actions: they carry megabytes.
function describe(step: Step): object {
  const { id, title, detail, stage, blocked } = step;
  const kind = changesHost(step) ? 'change' : 'confirm';
  return { id, title, stage, kind, detail, ...(blocked === undefined ? {} : { blocked }) };
}
