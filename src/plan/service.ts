import { ownAddress } from '../core/own-address.ts';
import { contentText } from '../render/content.ts';
import type { Desired } from '../render/desired.ts';
import { healthyAction } from './deployment.ts';
import { desiredHash } from './files.ts';
import { fingerprintOf } from './fingerprint.ts';
import { markerAction, notesAfter } from './folders.ts';
import type { Action, Plan, Step } from './plan.ts';
import type { Actual } from './actual.ts';
import { instanceUnit } from './instance.ts';
import { recoverUnits } from './recovery.ts';
import { isFormerProcess, servingInstance, transitionOf, type Transition } from './transition.ts';
import { planUnitSteps } from './unit.ts';

const HEALTH_TIMEOUT_S = 30;

/** The fingerprint of the state that a service runs: the release and every rendered file, then a dot and the files that a reload reads again. */
export function serviceFingerprint({ release, files, paths }: Desired, { installation }: Actual): string {
  const hashed = files.map((file) => ({
    path: file.path,
    sha256: desiredHash(file, installation.entries.get(file.path)),
  }));
  return fingerprintOf(release.id, hashed, paths.configFile);
}

/**
 * Starts, restarts or reloads the service and waits for its health. No steps if the confirmed state runs. `deployment` is confirmed by its
 * health; `undefined` if the confirmed one is only started again.
 */
export function planService(
  desired: Desired,
  actual: Actual,
  changed: readonly Step[],
  { deployment, transition }: { readonly deployment: number | undefined; readonly transition: Transition | undefined },
): readonly Step[] {
  const confirmed = isConfirmed(desired, actual, changed);
  const steps =
    transition === undefined
      ? planProcess(desired, actual, confirmed)
      : planUnitSteps(desired, actual, { changed, confirmed }, transition);
  const isBlocked = changed.some((step) => step.blocked !== undefined);
  const watch = transition === undefined ? processWatch(desired) : { unit: instanceUnit(instanceOf(transition)) };
  return steps.length === 0 && (confirmed || isBlocked)
    ? []
    : [...steps, confirmHealth(desired, actual, deployment, watch)];
}

/** How the desired state comes to serve; `undefined` without systemd. */
export function planTransition(
  desired: Desired,
  actual: Actual,
  changed: readonly Step[],
  deployment: number | undefined,
): Transition | undefined {
  if (desired.settings.serviceManager === 'process') return undefined;
  const confirmed = isConfirmed(desired, actual, changed);
  const reloads = differsByConfiguration(desired, actual, changed);
  return transitionOf(desired, actual, {
    changed,
    confirmed,
    reloads,
    deployment,
    changesTls: changesTls(desired, actual),
  });
}

function instanceOf(transition: Transition): number {
  return 'serving' in transition ? transition.serving : transition.to;
}

// A file that drifted after the confirmation may have been loaded by a restart since. Then correcting the file is not enough.
/** Whether the host has the desired state, and that state passed its last health check. */
export function isConfirmed(desired: Desired, actual: Actual, changed: readonly Step[]): boolean {
  const { entries, notes } = actual.installation;
  const drifted = desired.files.some(
    (file) => entries.get(file.path)?.sha256 !== desiredHash(file, entries.get(file.path)),
  );
  const sent = changed.some((step) => step.id === 'runtime' || step.id === 'release' || step.id === 'release.current');
  return !drifted && !sent && notes?.confirmed === serviceFingerprint(desired, actual);
}

// The running state was confirmed, and only config.yaml differs from it.
function differsByConfiguration(desired: Desired, actual: Actual, changed: readonly Step[]): boolean {
  const [rest] = serviceFingerprint(desired, actual).split('.', 1);
  return (
    // A running gateway neither begins nor ends to speak TLS.
    !changesTls(desired, actual) &&
    changed.every((step) => step.id === 'files.config.yaml') &&
    actual.installation.notes?.confirmed?.split('.', 1)[0] === rest
  );
}

// By the texts, since a rollback has no variables.
function changesTls({ files, paths }: Desired, { installation }: Actual): boolean {
  const speaks = (text: string | undefined): boolean => /^ {2}tls:/m.test(text ?? '');
  const config = files.find(({ path }) => path === paths.configFile)?.content;
  const next = config === undefined ? undefined : contentText(config);
  return speaks(next) !== speaks(installation.entries.get(paths.configFile)?.text);
}

/** How to return to the state that ran before. */
export function planRecovery(
  desired: Desired,
  actual: Actual,
  transition: Transition | undefined,
): Pick<Plan, 'recover' | 'hasPrevious'> {
  if (transition !== undefined) {
    const { inUse } = actual.installation;
    const before = servingInstance(actual) ?? inUse;
    const unit = isFormerProcess(actual) || before === undefined ? 'litellm.service' : instanceUnit(before);
    return recoverUnits(actual, previousHealth(desired, actual, { unit }), transition);
  }
  const folder = previousConfigDir(desired, actual);
  const paths = { ...desired.paths, configFile: `${folder}/config.yaml`, envFile: `${folder}/litellm.env` };
  const hasPrevious = actual.installation.daemon?.alive === true;
  const after = hasPrevious ? [start(paths), ...previousHealth(desired, actual, processWatch(desired))] : [];
  return { hasPrevious, recover: { before: [stop(desired)], after } };
}

function planProcess(desired: Desired, { installation }: Actual, confirmed: boolean): readonly Step[] {
  const alive = installation.daemon?.alive === true;
  if (alive && confirmed) return [];
  return [
    {
      id: 'service.start',
      title: alive ? 'restart the gateway' : 'start the gateway',
      detail: alive ? 'it does not run this release and configuration' : 'it is not running',
      stage: 'switch',
      verb: alive ? 'restart' : 'start',
      actions: [...(installation.daemon === undefined ? [] : [stop(desired)]), start(desired.paths)],
    },
  ];
}

function start(paths: Desired['paths']): Action {
  return {
    kind: 'start-process',
    gateway: `${paths.current}/gateway`,
    config: paths.configFile,
    environment: paths.envFile,
    pidFile: paths.pidFile,
    logFile: paths.logFile,
  };
}

function stop({ paths }: Desired): Action {
  return { kind: 'stop-process', pidFile: paths.pidFile, installDir: paths.installDir };
}

function confirmHealth(desired: Desired, actual: Actual, deployment: number | undefined, watch: Watch): Step {
  const action = health(desired, desired.settings.listen, desired.settings.port, watch);
  const notes = {
    ...notesAfter(desired, actual),
    confirmed: serviceFingerprint(desired, actual),
    ...(deployment === undefined ? {} : { deployment }),
  };
  const healthy = deployment === undefined ? [] : [healthyAction(desired, deployment)];
  return {
    id: 'health',
    title: 'wait until the gateway answers',
    detail: `GET ${action.path} on ${action.address}:${String(action.port)} of the host, at most ${String(action.timeoutS)} s`,
    stage: 'switch',
    verb: 'check',
    actions: [action, ...healthy, markerAction(desired, notes)],
  };
}

/** Waits for the health of the earlier state too, if its own configuration names the port. */
function previousHealth(desired: Desired, actual: Actual, watch: Watch): readonly Action[] {
  const { listen = '' } = actual.footprint.folders.get(previousConfigDir(desired, actual)) ?? {};
  const [, address, port] = /^ +listen: "?\[?([^\]\s"]*)\]?:(\d+)"?$/m.exec(listen) ?? [];
  return address === undefined || port === undefined ? [] : [health(desired, address, Number(port), watch)];
}

/** The config folder of the state that ran before; another one than the desired if litellm_config_dir has changed. */
function previousConfigDir({ paths }: Desired, { footprint }: Actual): string {
  const holds = (path: string): boolean => footprint.folders.get(path)?.ours.includes('config.yaml') === true;
  const other = [...footprint.folders.keys()].find(holds);
  return footprint.unit?.configDir ?? (holds(paths.configDir) ? paths.configDir : (other ?? paths.configDir));
}

type Watch = Extract<Action, { kind: 'health' }>['watch'];

function processWatch({ paths }: Desired): Watch {
  return { pidFile: paths.pidFile, logFile: paths.logFile };
}

function health({ release }: Desired, listen: string, port: number, watch: Watch): Extract<Action, { kind: 'health' }> {
  return {
    kind: 'health',
    // A gateway that listens on all addresses is asked on the loopback.
    address: ownAddress(listen),
    port,
    // systemctl reload ends with the signal.
    path: '/health/readiness?reloaded',
    timeoutS: HEALTH_TIMEOUT_S,
    runtime: `${release.runtimeFolder}/bin/node`,
    watch,
  };
}
