import type { StepVerb } from '../core/recorder.ts';
import type { Desired } from '../render/desired.ts';
import type { Action, Step } from './plan.ts';
import type { Actual } from './actual.ts';
import { besideSteps, linkAction, standbySteps } from './instance.ts';
import { systemctl } from './systemctl.ts';
import { followersOf, takenUnits } from './replaced.ts';
import { startFollowers } from './start-followers.ts';
import type { Transition } from './transition.ts';

const UNITS = ['litellm.socket', 'litellm.service'];
const UNIT_FILES = [...UNITS, 'litellm@.service', 'litellm-failed@.service', 'litellm-drop-ins'];

/** The step that names the first instance, before any file: a host that is cut off in between starts with a gateway in any case. */
export function planFirstInstance(
  { paths }: Desired,
  { installation }: Actual,
  transition: Transition,
): readonly Step[] {
  if (transition.kind === 'reload' || (transition.kind === 'beside' && transition.from !== 'process')) return [];
  const number = transition.kind === 'none' ? transition.serving : transition.to;
  if (installation.inUse === number) return [];
  const found = installation.inUse === undefined ? 'none' : `litellm@${String(installation.inUse)}.service`;
  return [
    change(
      'service.instance',
      'enable',
      `let litellm.service start litellm@${String(number)}.service`,
      `${paths.instanceLinks}: expected litellm@${String(number)}.service, found ${found}`,
      [linkAction(paths, number)],
    ),
  ];
}

/** Enables both units and brings the desired state to serve. If the socket's unit does not change, the listener stays open. */
export function planUnitSteps(
  desired: Desired,
  actual: Actual,
  state: { readonly changed: readonly Step[]; readonly confirmed: boolean },
  transition: Transition,
): readonly Step[] {
  const { installation, foreign, dropIns } = actual;
  const { service, socket } = installation;
  const taken = takenUnits(foreign).some(({ name }) => UNITS.includes(name));
  const isEnabled = !taken && service?.enabled === 'enabled' && socket?.enabled === 'enabled';
  const writes = (name: string): boolean => state.changed.some((step) => step.id === `files.${name}`);
  // In the confirmed state only the operator's drop-ins can be new to systemd; when it reads them is the operator's choice.
  const isTheirs = state.confirmed && dropIns.length > 0;
  const needsReload =
    UNIT_FILES.some(writes) ||
    state.changed.some(({ id }) => id === 'service.instance') ||
    (!isTheirs && (service?.needsReload === true || socket?.needsReload === true));
  const steps: Step[] = [...standbySteps(actual)];
  if (needsReload)
    steps.push(
      change(
        'service.reload',
        'reload',
        'let systemd read the unit files',
        'systemd has read other unit files than these',
        [systemctl('daemon-reload')],
      ),
    );
  if (!isEnabled)
    steps.push(
      change(
        'service.enable',
        'enable',
        `enable ${UNITS.join(' and ')}`,
        `expected enabled, found litellm.socket ${describe(socket?.enabled)}, litellm.service ${describe(service?.enabled)}`,
        [systemctl('enable', ...UNITS)],
      ),
    );
  if (transition.kind === 'none') return steps;
  if (transition.kind === 'beside') return [...steps, ...besideSteps(desired, actual, transition)];
  if (transition.kind === 'reload')
    return [
      ...steps,
      change(
        'service.start',
        'reload',
        'reload litellm (no downtime; running requests keep the old configuration)',
        'it does not run this release and configuration',
        [systemctl('reload', 'litellm.service')],
      ),
    ];
  const { to, why } = transition;
  steps.push(
    change(
      'service.start',
      why === undefined ? 'start' : 'restart',
      why === undefined
        ? `start ${UNITS.join(' and ')}`
        : `stop and start litellm: ${why} (streams may end for up to 60 s, and the port is closed meanwhile)`,
      why === undefined
        ? `litellm.service is ${describe(service?.active)}, litellm.socket is ${describe(socket?.active)}`
        : 'it does not run this release and configuration',
      [...startAll(to), ...startFollowers(followersOf(actual).after)],
    ),
  );
  return steps;
}

// The start limits of an earlier failure must not delay this start, and a changed socket has to release its old address.
function startAll(number: number): readonly Action[] {
  return [
    { ...systemctl('stop', ...UNITS), mayFail: true },
    { ...systemctl('reset-failed', ...UNITS, `litellm@${String(number)}.service`), mayFail: true },
    systemctl('start', ...UNITS),
    // Its start is a job of its own, and the start of litellm.service does not wait for it.
    systemctl('start', `litellm@${String(number)}.service`),
  ];
}

function change(id: string, verb: StepVerb, title: string, detail: string, actions: readonly Action[]): Step {
  return { id, verb, title, detail, stage: 'switch', actions };
}

function describe(state: string | undefined): string {
  return state === undefined || state === '' ? 'missing' : state;
}
