import type { Actual } from './actual.ts';
import { instanceUnit } from './instance.ts';
import type { Action, Plan } from './plan.ts';
import { followersOf, takenUnits } from './replaced.ts';
import { startFollowers } from './start-followers.ts';
import { systemctl } from './systemctl.ts';
import type { Transition } from './transition.ts';

const UNITS = ['litellm.socket', 'litellm.service'];

/** Returns the units to their earlier state: enabled and running, or neither. `confirm` waits for the health of that state. */
export function recoverUnits(
  actual: Actual,
  confirm: readonly Action[],
  transition: Transition,
): Pick<Plan, 'recover' | 'hasPrevious'> {
  if (transition.kind === 'beside') return besides(transition, confirm);
  if (transition.kind === 'reload' || transition.kind === 'none') return reloaded(transition.serving, confirm);
  return restarted(actual, confirm);
}

// The one that serves has not stopped, unless the new one had taken over already.
function besides(
  { from, to }: Extract<Transition, { kind: 'beside' }>,
  confirm: readonly Action[],
): Pick<Plan, 'recover' | 'hasPrevious'> {
  return {
    hasPrevious: true,
    recover: {
      // Without waiting for its streams: the earlier one serves as soon as this one accepts nothing more.
      before: [{ ...systemctl('stop', '--no-block', instanceUnit(to)), mayFail: true }],
      after: [
        systemctl('daemon-reload'),
        { kind: 'return-to', unit: from === 'process' ? 'litellm.service' : instanceUnit(from) },
        // Its last lines are in the evidence; a failed unit that is in no use would be listed for ever.
        { ...systemctl('reset-failed', instanceUnit(to)), mayFail: true },
        ...confirm,
      ],
    },
  };
}

function reloaded(serving: number, confirm: readonly Action[]): Pick<Plan, 'recover' | 'hasPrevious'> {
  return {
    hasPrevious: true,
    recover: {
      before: [],
      after: [
        systemctl('daemon-reload'),
        systemctl('start', ...UNITS, instanceUnit(serving)),
        // A reload that was refused has changed nothing.
        { ...systemctl('reload', 'litellm.service'), mayFail: true },
        ...confirm,
      ],
    },
  };
}

function restarted(actual: Actual, confirm: readonly Action[]): Pick<Plan, 'recover' | 'hasPrevious'> {
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
        loose('reset-failed', ...UNITS, 'litellm@*'),
        ...(active.length > 0 ? [systemctl('start', ...active)] : []),
        ...(others.length > 0 ? [systemctl('start', ...others)] : []),
        ...(starting.length > 0 ? [loose('start', '--no-block', ...starting)] : []),
        ...startFollowers(followersOf(actual).before),
        ...(active.length === UNITS.length ? confirm : []),
      ],
    },
  };
}
