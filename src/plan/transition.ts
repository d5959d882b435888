import type { Desired } from '../render/desired.ts';
import type { InstanceUnit } from '../facts/installation/installation.ts';
import type { Actual } from './actual.ts';
import type { Step } from './plan.ts';
import { takenUnits } from './replaced.ts';

/** How a host with systemd comes to serve the desired state. */
export type Transition =
  /** The confirmed state serves. */
  | { readonly kind: 'none'; readonly serving: number }
  /** The serving instance reads config.yaml again. */
  | { readonly kind: 'reload'; readonly serving: number }
  /** A new instance starts beside the one that serves, and takes over. `process`: litellm.service itself, of an older hxllm. */
  | { readonly kind: 'beside'; readonly from: number | 'process'; readonly to: number }
  /** Everything is stopped and started. `why`: the reason where something serves. */
  | { readonly kind: 'start'; readonly to: number; readonly why: string | undefined };

/** The instances that may run at a time: the gateway ends the eldest beyond it. */
export const MOST_INSTANCES = 3;

const STOPPED = new Set(['inactive', 'failed', '']);
const OWN_UNITS = new Set(['litellm.socket', 'litellm.service']);

/** The instances with a process, the eldest first. */
export function aliveInstances({ installation }: Pick<Actual, 'installation'>): readonly InstanceUnit[] {
  return installation.instanceUnits
    .filter(({ active }) => !STOPPED.has(active))
    .toSorted((a, b) => a.number - b.number);
}

/** The number of the instance that accepts connections; `undefined` where none does. */
export function servingInstance(actual: Pick<Actual, 'installation'>): number | undefined {
  const alive = aliveInstances(actual);
  const told = alive.find(({ state }) => state === 'serving');
  if (told !== undefined) return told.number;
  // Of several, each that has not told its state may be the one.
  const open = alive.filter(({ state }) => state === undefined);
  return (open.find(({ number }) => number === actual.installation.inUse) ?? open.at(-1))?.number;
}

/** Whether litellm.service is the gateway itself, as hxllm deployed it before there were instances. */
export function isFormerProcess({ installation: { service } }: Pick<Actual, 'installation'>): boolean {
  return service?.active === 'active' && /\/runtimes\/node-[^/]+\/bin\/node$/.test(service.program);
}

/** Decides how the desired state comes to serve. `deployment`: the number of the new deployment; the confirmed state has none. */
export function transitionOf(
  desired: Desired,
  actual: Actual,
  state: {
    readonly changed: readonly Step[];
    readonly confirmed: boolean;
    readonly reloads: boolean;
    readonly deployment: number | undefined;
    readonly changesTls: boolean;
  },
): Transition {
  const { installation } = actual;
  const { service, socket, notes, inUse } = installation;
  const former = isFormerProcess(actual);
  const serving = former ? undefined : servingInstance(actual);
  const isTaken = takenUnits(actual.foreign).some(({ name }) => OWN_UNITS.has(name));
  // An older process that ends its streams, or a reload in between.
  const isUp = (active: string | undefined): boolean => active !== undefined && !STOPPED.has(active);
  const serves = !isTaken && isUp(service?.active) && isUp(socket?.active) && (former || serving !== undefined);
  const to = state.deployment ?? inUse ?? notes?.deployment ?? 1;
  if (!serves) return { kind: 'start', to, why: undefined };
  if (serving !== undefined && state.confirmed) return { kind: 'none', serving };
  const writes = (name: string): boolean => state.changed.some((step) => step.id === `files.${name}`);
  const units = [
    'litellm.socket',
    'litellm.service',
    'litellm@.service',
    'litellm-drop-ins',
    'litellm-failed@.service',
  ];
  if (serving !== undefined && serving === inUse && state.reloads && !units.some(writes))
    return { kind: 'reload', serving };
  const why =
    // It accepts beside the new instance for a while.
    former && state.changesTls
      ? 'the gateway begins or ends to speak TLS'
      : reasonToStop(desired, actual, writes('litellm.socket'));
  return why === undefined ? { kind: 'beside', from: serving ?? 'process', to } : { kind: 'start', to, why };
}

// The listener of a changed socket, and files of another user or folder, are not for the instance that still runs.
function reasonToStop(
  { settings, paths }: Desired,
  { footprint: { unit } }: Actual,
  changesSocket: boolean,
): string | undefined {
  if (changesSocket) return 'the socket changes';
  if (unit === undefined) return 'the unit does not tell its folders';
  if (unit.user !== settings.user || unit.group !== settings.group) return 'the user or group changes';
  if (unit.installDir !== paths.installDir || unit.configDir !== paths.configDir) return 'the folders change';
  return undefined;
}
