import type { StepVerb } from '../core/recorder.ts';
import type { Action, Plan, Step } from './plan.ts';
import type { Actual } from './actual.ts';
import { systemctl } from './systemctl.ts';
import { otherUnits } from './take-over.ts';

const UNITS = ['litellm.socket', 'litellm.service'];

/** Enables both units and brings the wanted state up. Where the socket's own unit stays, the listener stays open. */
export function planUnitSteps(
  { installation, foreign }: Actual,
  state: { readonly changed: readonly Step[]; readonly confirmed: boolean; readonly reloads: boolean },
): readonly Step[] {
  const { service, socket } = installation;
  const taken = foreign.length > 0;
  const isEnabled = !taken && service?.enabled === 'enabled' && socket?.enabled === 'enabled';
  const isActive = !taken && service?.active === 'active' && socket?.active === 'active';
  const writes = (name: string): boolean => state.changed.some((step) => step.id === `files.${name}`);
  const needsReload =
    writes('litellm.socket') ||
    writes('litellm.service') ||
    service?.needsReload === true ||
    socket?.needsReload === true;
  const steps: Step[] = [];
  if (needsReload)
    steps.push(
      change('service.reload', 'reload', 'let systemd read its units', 'unit files differ from what systemd has read', [
        systemctl('daemon-reload'),
      ]),
    );
  if (!isEnabled)
    steps.push(
      change(
        'service.enable',
        'enable',
        `enable ${UNITS.join(' and ')}`,
        `${describe(service?.enabled)} and ${describe(socket?.enabled)}, wanted enabled`,
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
        'reload litellm; nobody waits, and requests in flight end as they began',
        'it does not run what is wanted',
        [systemctl('reload', 'litellm.service')],
      ),
    ];
  const keepsListener = isActive && !writes('litellm.socket');
  const actions = keepsListener ? [systemctl('restart', 'litellm.service')] : startAll();
  const why = isActive
    ? 'it does not run what is wanted'
    : `litellm.service is ${describe(service?.active)}, litellm.socket is ${describe(socket?.active)}`;
  steps.push(
    change(
      'service.start',
      keepsListener ? 'restart' : 'start',
      keepsListener ? 'restart litellm; the socket stays open' : `start ${UNITS.join(' and ')}`,
      why,
      actions,
    ),
  );
  return steps;
}

/** Back to the units as they were: enabled and running, or neither. */
export function recoverUnits(
  { installation, foreign }: Actual,
  confirm: readonly Action[],
): Pick<Plan, 'recover' | 'hasPrevious'> {
  const { service, socket } = installation;
  const enabled = UNITS.filter((_name, index) => [socket, service][index]?.enabled === 'enabled');
  const active = UNITS.filter((_name, index) => [socket, service][index]?.active === 'active');
  const loose = (...words: readonly string[]): Action => ({ ...systemctl(...words), mayFail: true });
  return {
    hasPrevious: active.length > 0 || otherUnits(foreign).length > 0,
    recover: {
      before: [loose('stop', ...UNITS), loose('disable', ...UNITS)],
      after: [
        systemctl('daemon-reload'),
        loose('reset-failed', ...UNITS),
        ...(enabled.length > 0 ? [systemctl('enable', ...enabled)] : []),
        ...(active.length > 0 ? [systemctl('start', ...active)] : []),
        ...otherUnits(foreign).map((unit) => systemctl('enable', '--now', unit)),
        ...(active.length === UNITS.length ? confirm : []),
      ],
    },
  };
}

// The limits of an earlier failure must not hold the new start back; and a socket that changed has to let go of its old address.
function startAll(): readonly Action[] {
  return [
    { ...systemctl('stop', ...UNITS), mayFail: true },
    { ...systemctl('reset-failed', ...UNITS), mayFail: true },
    systemctl('start', ...UNITS),
  ];
}

function change(id: string, verb: StepVerb, title: string, detail: string, actions: readonly Action[]): Step {
  return { id, verb, title, detail, stage: 'switch', actions };
}

function describe(state: string | undefined): string {
  return state === undefined || state === '' ? 'not there' : state;
}
