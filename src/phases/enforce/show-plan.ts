import type { PhaseTools } from '../../core/phase.ts';
import { unknown, type CheckResult } from '../../core/verdict.ts';
import { changesHost, countChanges, type Step } from '../../plan/plan.ts';
import { planEvent } from './host/plan-event.ts';
import { hashesOf } from './hashes.ts';
import type { Prepared } from './prepare.ts';

/** Shows a host's plan and keeps it as plan.json, with the hashes of all that should be there as hashes.json. */
export function showPlan(prepared: Prepared, { recorder }: Pick<PhaseTools, 'recorder'>): void {
  const { host, plan, warnings } = prepared;
  for (const text of warnings) recorder.event({ kind: 'note', host: host.name, text });
  if (plan.steps.length === 0) recorder.event({ kind: 'note', host: host.name, text: 'no changes needed' });
  else recorder.event(planEvent(host.name, plan));
  recorder.file(`hosts/${host.name}/plan.json`, plan.steps.map(describe));
  recorder.file(`hosts/${host.name}/hashes.json`, hashesOf(prepared));
}

/** The question to the operator before the plans are applied. */
export function questionFor(prepared: readonly Prepared[]): string {
  const changing = prepared.filter((one) => one.plan.steps.length > 0);
  const changes = changing.reduce((sum, one) => sum + countChanges(one.plan.steps), 0);
  const names = changing.map((one) => one.host.name).join(', ');
  return changes === 0
    ? `Check the running gateway on ${names}?`
    : `Apply ${String(changes)} ${changes === 1 ? 'change' : 'changes'} to ${names}?`;
}

/** A result of outcome `unknown` for each step that cannot be planned yet. */
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

// Without the actions, which carry megabytes and secrets.
function describe(step: Step): object {
  const { id, title, detail, stage, blocked } = step;
  const kind = changesHost(step) ? 'change' : 'confirm';
  return { id, title, stage, kind, detail, ...(blocked === undefined ? {} : { blocked }) };
}
