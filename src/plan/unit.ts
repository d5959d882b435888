import type { StepVerb } from '../core/recorder.ts';
import type { Action, Plan, Step } from './plan.ts';
import type { Actual } from './actual.ts';
import { systemctl } from './systemctl.ts';
import { followersOf, takenUnits } from './replaced.ts';

const UNITS = ['litellm.socket', 'litellm.service'];

/** Enables both units and starts the desired state. If the socket's unit does not change, the listener stays open. */
export function planUnitSteps(
  actual: Actual,
  state: { readonly changed: readonly Step[]; readonly confirmed: boolean; readonly reloads: boolean },
): readonly Step[] {
  const { installation, foreign, dropIns } = actual;
  const { service, socket } = installation;
  const taken = takenUnits(foreign).some(({ name }) => UNITS.includes(name));
  const isEnabled = !taken && service?.enabled === 'enabled' && socket?.enabled === 'enabled';
  const isActive = !taken && service?.active === 'active' && socket?.active === 'active';
  const writes = (name: string): boolean => state.changed.some((step) => step.id === `files.${name}`);
  // In the confirmed state only the operator's drop-ins can be new to systemd; when it reads them is the operator's choice.
  const isTheirs = state.confirmed && dropIns.length > 0;
  const needsReload =
    writes('litellm.socket') ||
    writes('litellm.service') ||
    (!isTheirs && (service?.needsReload === true || socket?.needsReload === true));
  const steps: Step[] = [];
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
  if (isActive && state.confirmed) return steps;
  if (isActive && state.reloads && !needsReload)
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
  const keepsListener = isActive && !writes('litellm.socket');
  // systemd restarts the followers of a restarted unit by itself.
  const actions = keepsListener
    ? [systemctl('restart', 'litellm.service')]
    : [...startAll(), ...startFollowers(followersOf(actual).after)];
  const why = isActive
    ? 'it does not run this release and configuration'
    : `litellm.service is ${describe(service?.active)}, litellm.socket is ${describe(socket?.active)}`;
  steps.push(
    change(
      'service.start',
      keepsListener ? 'restart' : 'start',
      keepsListener ? 'restart litellm (the socket stays open)' : `start ${UNITS.join(' and ')}`,
      why,
      actions,
    ),
  );
  return steps;
}

/** Returns the units to their earlier state: enabled and running, or neither. */
export function recoverUnits(actual: Actual, confirm: readonly Action[]): Pick<Plan, 'recover' | 'hasPrevious'> {
  const { installation, foreign } = actual;
  const { service, socket } = installation;
  const taken = takenUnits(foreign);
  // The links of a unit that is taken over are files of the switch, which restores them.
  const enabled = new Set(
    UNITS.filter(
      (name, index) => [socket, service][index]?.enabled === 'enabled' && !taken.some((unit) => unit.name === name),
    ),
  );
  const active = UNITS.filter((_name, index) => [socket, service][index]?.active === 'active');
  const stopped = taken.filter((unit) => unit.active && !UNITS.includes(unit.name));
  const others = stopped.filter((unit) => !unit.starting).map((unit) => unit.name);
  // These did not run before either, so nothing waits for them.
  const starting = [
    ...stopped.filter((unit) => unit.starting).map((unit) => unit.name),
    ...taken.filter((unit) => unit.starting && UNITS.includes(unit.name)).map((unit) => unit.name),
  ];
  // Disabling removes every link to a unit, also the operator's, so it is for units that the switch has enabled.
  const fresh = UNITS.filter((name) => !enabled.has(name));
  const loose = (...words: readonly string[]): Action => ({ ...systemctl(...words), mayFail: true });
  return {
    hasPrevious: active.length > 0 || others.length > 0,
    recover: {
      before: [loose('stop', ...UNITS), ...(fresh.length > 0 ? [loose('disable', ...fresh)] : [])],
      after: [
        systemctl('daemon-reload'),
        loose('reset-failed', ...UNITS),
        ...(active.length > 0 ? [systemctl('start', ...active)] : []),
        ...(others.length > 0 ? [systemctl('start', ...others)] : []),
        ...(starting.length > 0 ? [loose('start', '--no-block', ...starting)] : []),
        ...startFollowers(followersOf(actual).before),
        ...(active.length === UNITS.length ? confirm : []),
      ],
    },
  };
}

// The start limits of an earlier failure must not delay this start, and a changed socket has to release its old address.
function startAll(): readonly Action[] {
  return [
    { ...systemctl('stop', ...UNITS), mayFail: true },
    { ...systemctl('reset-failed', ...UNITS), mayFail: true },
    systemctl('start', ...UNITS),
  ];
}

// A target would start all that it wants, so it is started alone. A follower that fails by itself fails no switch.
function startFollowers(names: readonly string[]): readonly Action[] {
  const targets = names.filter((name) => name.endsWith('.target'));
  const others = names.filter((name) => !targets.includes(name));
  const start = (...words: readonly string[]): Action => ({
    ...systemctl('start', '--no-block', ...words),
    mayFail: true,
  });
  return [
    ...(targets.length === 0 ? [] : [start('--job-mode=ignore-dependencies', ...targets)]),
    ...(others.length === 0 ? [] : [start(...others)]),
  ];
}

function change(id: string, verb: StepVerb, title: string, detail: string, actions: readonly Action[]): Step {
  return { id, verb, title, detail, stage: 'switch', actions };
}

function describe(state: string | undefined): string {
  return state === undefined || state === '' ? 'missing' : state;
}
