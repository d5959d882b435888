import { sha256 } from '../core/hash.ts';
import type { Wanted } from '../render/wanted.ts';
import { wantedHash } from './files.ts';
import { markerAction, notesAfter } from './folders.ts';
import type { Action, Plan, Step } from './plan.ts';
import type { Seen } from './seen.ts';
import { planUnitSteps, recoverUnits } from './unit.ts';

const HEALTH_TIMEOUT_S = 30;

/** Names the state that a service runs: the release and every rendered file. */
export function fingerprintOf({ release, files }: Wanted, { installation }: Seen): string {
  return sha256([release.id, ...files.map((file) => `${file.path} ${wantedHash(file, installation.entries.get(file.path))}`)].join('\n'));
}

/** Starts or restarts what has to be, and has it confirmed; nothing where the confirmed state runs. */
export function planService(wanted: Wanted, seen: Seen, changed: readonly Step[]): readonly Step[] {
  const confirmed = seen.installation.notes?.confirmed === fingerprintOf(wanted, seen);
  const managed = wanted.settings.serviceManager === 'systemd';
  const steps = managed ? planUnitSteps(wanted, seen, { changed, confirmed }) : planProcess(wanted, seen, confirmed);
  const isBlocked = changed.some((step) => step.blocked !== undefined);
  return steps.length === 0 && (confirmed || isBlocked) ? [] : [...steps, confirmHealth(wanted, seen)];
}

/** How to go back to what ran before. */
export function planRecovery(wanted: Wanted, seen: Seen): Pick<Plan, 'recover' | 'hasPrevious'> {
  if (wanted.settings.serviceManager === 'systemd') return recoverUnits(wanted, seen);
  const { paths } = wanted;
  const hasPrevious = seen.installation.daemon?.alive === true;
  return { hasPrevious, recover: { before: [stop(wanted)], after: hasPrevious ? [start(paths)] : [] } };
}

function planProcess(wanted: Wanted, { installation }: Seen, confirmed: boolean): readonly Step[] {
  const alive = installation.daemon?.alive === true;
  if (alive && confirmed) return [];
  return [
    {
      id: 'service.start',
      title: alive ? 'restart the gateway' : 'start the gateway',
      detail: alive ? 'it does not run what is wanted' : 'it does not run',
      stage: 'switch',
      kind: 'change',
      actions: [...(installation.daemon === undefined ? [] : [stop(wanted)]), start(wanted.paths)],
    },
  ];
}

function start(paths: Wanted['paths']): Action {
  return { kind: 'start-process', gateway: `${paths.current}/gateway`, config: paths.configFile, environment: paths.envFile, pidFile: paths.pidFile, logFile: paths.logFile };
}

function stop({ paths }: Wanted): Action {
  return { kind: 'stop-process', pidFile: paths.pidFile, installDir: paths.installDir };
}

function confirmHealth(wanted: Wanted, seen: Seen): Step {
  const { settings, paths } = wanted;
  const address = ANY.get(settings.listen) ?? settings.listen;
  const watch = settings.serviceManager === 'systemd' ? { unit: 'litellm.service' } : { pidFile: paths.pidFile, logFile: paths.logFile };
  const notes = { ...notesAfter(wanted, seen), confirmed: fingerprintOf(wanted, seen) };
  return {
    id: 'health',
    title: 'confirm that it answers',
    detail: `GET /health/readiness on ${address}:${String(settings.port)} of the host, for at most ${String(HEALTH_TIMEOUT_S)} s`,
    stage: 'switch',
    kind: 'confirm',
    actions: [{ kind: 'health', address, port: settings.port, path: '/health/readiness', timeoutS: HEALTH_TIMEOUT_S, watch }, markerAction(wanted, notes)],
  };
}

// What listens everywhere is asked here.
const ANY: ReadonlyMap<string, string> = new Map([['0.0.0.0', '127.0.0.1'], ['::', '::1'], ['', '127.0.0.1'], ['localhost', '127.0.0.1']]);
