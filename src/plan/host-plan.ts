import type { Wanted } from '../render/wanted.ts';
import { planFiles } from './files.ts';
import { planAccess, planFolders } from './folders.ts';
import type { Plan, Step } from './plan.ts';
import { planCurrent, planRelease, planRuntime } from './release.ts';
import type { Seen } from './seen.ts';
import { planRecovery, planService } from './service.ts';
import { planTakeOver } from './take-over.ts';
import { planUser } from './user.ts';

/** Compares what is wanted with what was seen. Pure; what is already so has no step. */
export function planHost(wanted: Wanted, seen: Seen): Plan {
  const takeOver = planTakeOver(wanted, seen);
  const files = planFiles(wanted, seen);
  const current = planCurrent(wanted, seen);
  const access = planAccess(wanted, seen);
  const changed = [...takeOver.switch, ...files, ...current];
  const runtime = planRuntime(wanted, seen);
  const release = planRelease(wanted, seen);
  const steps = [
    ...takeOver.prepare,
    ...planUser(wanted, seen),
    ...planFolders(wanted, seen),
    ...runtime,
    ...release,
    ...planCheck(wanted, [...files, ...current]),
    ...access,
    ...changed,
    ...planService(wanted, seen, [...runtime, ...release, ...changed]),
  ];
  return { steps, ...planRecovery(wanted, seen), keepFolder: `${wanted.paths.installDir}/.previous` };
}

function planCheck({ release, paths, settings }: Wanted, changed: readonly Step[]): readonly Step[] {
  if (!changed.some((step) => step.id === 'release.current' || step.id === 'files.config.yaml')) return [];
  const user = settings.serviceManager === 'systemd' ? settings.user : undefined;
  return [
    {
      id: 'release.check',
      title: 'let the release check the configuration on the host',
      detail: `${release.folder}/gateway --check --config ${paths.configFile}, before anything is put in its place`,
      stage: 'switch',
      kind: 'confirm',
      actions: [{ kind: 'check', gateway: `${release.folder}/gateway`, config: paths.configFile, user }],
    },
  ];
}
