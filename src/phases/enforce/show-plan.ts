import { judgeDropIns, listDropIns, DROP_INS_TITLE } from '../../facts/drop-ins/verdict.ts';
import type { DropIn } from '../../facts/drop-ins/drop-ins.ts';
import { runningDeployment } from '../../plan/deployment.ts';
import { replacedBy } from '../../plan/replaced.ts';
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
  const undone = undoneRollback(prepared);
  if (undone !== undefined) recorder.event({ kind: 'note', host: host.name, text: undone });
  const kept = keptDropIns(prepared);
  if (kept.length > 0)
    recorder.event({
      kind: 'note',
      host: host.name,
      text: `kept, as the operator’s: ${listDropIns(kept)}${unread(prepared)}`,
    });
  for (const result of dropInResults(prepared)) recorder.event({ kind: 'check', result });
  recorder.file(`hosts/${host.name}/plan.json`, plan.steps.map(describe));
  recorder.file(`hosts/${host.name}/hashes.json`, hashesOf(prepared));
}

// The configuration may still be the one that was gone back from.
function undoneRollback({ desired, actual: { installation }, plan }: Prepared): string | undefined {
  const running = runningDeployment(installation);
  const { record } = installation.deployments.find(({ number }) => number === running) ?? {};
  if (record?.rollback === undefined || desired.rollback !== undefined) return undefined;
  if (plan.steps.every(({ id }) => id !== 'deployment')) return undefined;
  const { number, at, who, from, rollback } = record;
  const by = who === undefined ? '' : `, by ${who}${from === undefined ? '' : ` from ${from}`}`;
  return `this undoes a rollback: deployment ${String(number)} went back to deployment ${String(rollback.of)}${by}${at === undefined ? '' : `, at ${at}`}`;
}

/** The warning about drop-ins with which the gateway cannot work; none if all leave it able to. */
export function dropInResults(prepared: Prepared): readonly CheckResult[] {
  const host = prepared.host.name;
  const verdict = judgeDropIns(keptDropIns(prepared), host);
  return verdict.outcome === 'fail'
    ? [{ id: 'enforce.drop-ins', title: DROP_INS_TITLE, severity: 'warning', host, ...verdict }]
    : [];
}

// systemd reads a new drop-in at its next daemon-reload.
function unread({ actual: { installation }, plan }: Prepared): string {
  const { service, socket } = installation;
  const isStale = service?.needsReload === true || socket?.needsReload === true;
  return isStale && plan.steps.length === 0 ? '; systemd has not read all of them: sudo systemctl daemon-reload' : '';
}

// Without those that a take-over copies and removes.
function keptDropIns({ desired, actual }: Prepared): readonly DropIn[] {
  const removed = actual.foreign.length === 0 ? [] : replacedBy(desired, actual).dropIns;
  return actual.dropIns.filter((one) => !removed.includes(one));
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
