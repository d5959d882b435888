import { sha256 } from '../core/hash.ts';
import type { WantedFile } from '../render/content.ts';
import type { Wanted } from '../render/wanted.ts';
import { wantedHash } from './files.ts';
import { markerAction, notesAfter } from './folders.ts';
import type { Action, Plan, Step } from './plan.ts';
import type { Seen } from './seen.ts';
import { planUnitSteps, recoverUnits } from './unit.ts';

const HEALTH_TIMEOUT_S = 30;

/** Names the state that a service runs: the release and every rendered file; after a dot, what a reload reads again. */
export function fingerprintOf({ release, files, paths }: Wanted, { installation }: Seen): string {
  const line = (file: WantedFile): string => `${file.path} ${wantedHash(file, installation.entries.get(file.path))}`;
  const read = (again: boolean): string =>
    files
      .filter((file) => (file.path === paths.configFile) === again)
      .map(line)
      .join('\n');
  return `${sha256(`${release.id}\n${read(false)}`)}.${sha256(read(true))}`;
}

/** Starts or restarts what has to be, and has it confirmed; nothing where the confirmed state runs. */
export function planService(wanted: Wanted, seen: Seen, changed: readonly Step[]): readonly Step[] {
  const confirmed = isConfirmed(wanted, seen, changed);
  const managed = wanted.settings.serviceManager === 'systemd';
  const steps = managed
    ? planUnitSteps(seen, { changed, confirmed, reloads: differsByConfiguration(wanted, seen, changed) })
    : planProcess(wanted, seen, confirmed);
  const isBlocked = changed.some((step) => step.blocked !== undefined);
  return steps.length === 0 && (confirmed || isBlocked) ? [] : [...steps, confirmHealth(wanted, seen)];
}

// What drifted may have been started so, after it was confirmed; then putting the files right is not enough.
function isConfirmed(wanted: Wanted, seen: Seen, changed: readonly Step[]): boolean {
  const { entries, notes } = seen.installation;
  const drifted = wanted.files.some(
    (file) => entries.get(file.path)?.sha256 !== wantedHash(file, entries.get(file.path)),
  );
  const sent = changed.some((step) => step.id === 'runtime' || step.id === 'release' || step.id === 'release.current');
  return !drifted && !sent && notes?.confirmed === fingerprintOf(wanted, seen);
}

// What runs was confirmed, and all that it would have to learn is in config.yaml.
function differsByConfiguration(wanted: Wanted, seen: Seen, changed: readonly Step[]): boolean {
  const [rest] = fingerprintOf(wanted, seen).split('.', 1);
  return (
    changed.every((step) => step.id === 'files.config.yaml') &&
    seen.installation.notes?.confirmed?.split('.', 1)[0] === rest
  );
}

/** How to go back to what ran before. */
export function planRecovery(wanted: Wanted, seen: Seen): Pick<Plan, 'recover' | 'hasPrevious'> {
  if (wanted.settings.serviceManager === 'systemd') return recoverUnits(seen, previousHealth(wanted, seen));
  const { paths } = wanted;
  const hasPrevious = seen.installation.daemon?.alive === true;
  return {
    hasPrevious,
    recover: { before: [stop(wanted)], after: hasPrevious ? [start(paths), ...previousHealth(wanted, seen)] : [] },
  };
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
  return {
    kind: 'start-process',
    gateway: `${paths.current}/gateway`,
    config: paths.configFile,
    environment: paths.envFile,
    pidFile: paths.pidFile,
    logFile: paths.logFile,
  };
}

function stop({ paths }: Wanted): Action {
  return { kind: 'stop-process', pidFile: paths.pidFile, installDir: paths.installDir };
}

function confirmHealth(wanted: Wanted, seen: Seen): Step {
  const action = health(wanted, wanted.settings.listen, wanted.settings.port);
  const notes = { ...notesAfter(wanted, seen), confirmed: fingerprintOf(wanted, seen) };
  return {
    id: 'health',
    title: 'confirm that it answers',
    detail: `GET ${action.path} on ${action.address}:${String(action.port)} of the host, for at most ${String(action.timeoutS)} s`,
    stage: 'switch',
    kind: 'confirm',
    actions: [action, markerAction(wanted, notes)],
  };
}

/** What ran before is confirmed too, where its own configuration says on which port. */
function previousHealth(wanted: Wanted, { installation }: Seen): readonly Action[] {
  const config = installation.entries.get(wanted.paths.configFile);
  const [, address, port] =
    (config?.marked === true ? /^ +listen: "?\[?([^\]\s"]*)\]?:(\d+)"?$/m.exec(config.text ?? '') : null) ?? [];
  return address === undefined || port === undefined ? [] : [health(wanted, address, Number(port))];
}

function health({ settings, paths }: Wanted, listen: string, port: number): Extract<Action, { kind: 'health' }> {
  const watch =
    settings.serviceManager === 'systemd'
      ? { unit: 'litellm.service' }
      : { pidFile: paths.pidFile, logFile: paths.logFile };
  return {
    kind: 'health',
    address: ANY.get(listen) ?? listen,
    port,
    path: '/health/readiness',
    timeoutS: HEALTH_TIMEOUT_S,
    watch,
  };
}

// What listens everywhere is asked here.
const ANY: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
  ['', '127.0.0.1'],
  ['localhost', '127.0.0.1'],
]);
