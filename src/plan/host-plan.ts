import type { Desired } from '../render/desired.ts';
import { adoptedState, planAdoption } from './adopted.ts';
import { nextDeployment, planDeployment } from './deployment.ts';
import { planFiles } from './files.ts';
import { planAccess, planAccountFolders, planFolders } from './folders.ts';
import { planFormer } from './former.ts';
import { planInterrupted } from './interrupted.ts';
import { rollbackCommand, type Plan, type Step } from './plan.ts';
import { planPruning } from './prune.ts';
import { planCurrent, planRelease, planRuntime } from './release.ts';
import type { Actual } from './actual.ts';
import { isConfirmed, planRecovery, planService, planTransition } from './service.ts';
import { planTakeOver } from './take-over.ts';
import { planFirstInstance } from './unit.ts';
import { planUser } from './user.ts';

const NOTHING = { before: [], after: [] };

/** Compares the desired state with the actual one. Pure; a thing that does not differ has no step. */
export function planHost(desired: Desired, actual: Actual): Plan {
  const { rollback } = desired;
  const takeOver = planTakeOver(desired, actual);
  const files = planFiles(desired, actual);
  const current = planCurrent(desired, actual);
  const access = planAccess(desired, actual);
  const runtime = planRuntime(desired, actual);
  const release = planRelease(desired, actual);
  const all = [...runtime, ...release, ...takeOver.switch, ...files, ...current];
  const adopted = isConfirmed(desired, actual, all) ? undefined : adoptedState(desired, actual);
  // The confirmed state is a deployment already, and starting it again makes none.
  const number = isConfirmed(desired, actual, all) ? undefined : nextDeployment(actual, adopted?.record);
  const pruning = number === undefined ? NOTHING : planPruning(desired, actual, number, adopted?.record);
  const transition = planTransition(desired, actual, all, number);
  const instance = transition === undefined ? [] : planFirstInstance(desired, actual, transition);
  const changed = [...takeOver.switch, ...instance, ...files, ...current];
  const before = [
    ...pruning.before,
    ...takeOver.prepare,
    ...planFolders(desired, actual),
    ...planUser(desired, actual),
    ...planAccountFolders(desired, actual),
    ...runtime,
    ...release,
    ...(adopted === undefined ? [] : [planAdoption(desired, adopted)]),
  ];
  const after = [
    ...planCheck(desired, [...files, ...current]),
    ...access,
    ...changed,
    ...planService(desired, actual, [...all, ...instance], { deployment: number, transition }),
    ...pruning.after,
    ...planFormer(desired, actual, number),
    ...planInterrupted(desired, actual),
  ];
  const deployment = number === undefined ? [] : [planDeployment(desired, actual, number, before, after)];
  return {
    command: rollback === undefined ? 'hxllm enforce' : rollbackCommand(rollback.of, rollback.codeOnly),
    deployment: number,
    steps: [...before, ...deployment, ...after],
    ...planRecovery(desired, actual, transition),
    keepFolder: `${desired.paths.installDir}/.previous`,
  };
}

function planCheck({ release, paths, settings }: Desired, changed: readonly Step[]): readonly Step[] {
  if (!changed.some((step) => step.id === 'release.current' || step.id === 'files.config.yaml')) return [];
  const user = settings.serviceManager === 'systemd' ? settings.user : undefined;
  return [
    {
      id: 'release.check',
      title: 'check the configuration with the new release',
      detail: `${release.folder}/gateway --check --config ${paths.configFile}, before any file is replaced`,
      stage: 'switch',
      verb: 'check',
      actions: [
        {
          kind: 'check',
          gateway: `${release.folder}/gateway`,
          config: paths.configFile,
          environment: paths.envFile,
          user,
        },
      ],
    },
  ];
}
