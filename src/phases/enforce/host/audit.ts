import type { AuditLine } from '../../../apply/audit.ts';
import type { HostPaths, Settings } from '../../../config/config.ts';
import type { PhaseTools } from '../../../core/phase.ts';
import { planHash } from '../../../plan/plan-hash.ts';
import type { Plan } from '../../../plan/plan.ts';

/** The line of a plan for the audit log of its host; `undefined` where systemd does not manage the service, and nobody is root. */
export function auditOf(
  plan: Plan,
  { settings, paths, record }: { readonly settings: Settings; readonly paths: HostPaths; readonly record: string },
  { by = 'hxllm', run }: Pick<PhaseTools, 'by' | 'run'>,
): AuditLine | undefined {
  if (settings.serviceManager !== 'systemd') return undefined;
  const isReload = plan.steps.some(({ id, verb }) => id === 'service.start' && verb === 'reload');
  return {
    file: paths.auditLog,
    entry: {
      event: plan.command === 'hxllm uninstall' ? 'uninstall' : isReload ? 'reload' : 'switch',
      command: plan.command,
      run: run?.name ?? '',
      record,
      by: by.slice(0, 200),
      deployment: plan.deployment ?? null,
      plan: planHash(plan.steps),
      before: run?.before ?? null,
    },
  };
}
