import type { Desired, HostPaths } from '../render/desired.ts';
import type { Actual } from './actual.ts';
import type { Action, Step } from './plan.ts';
import { systemctl } from './systemctl.ts';
import { aliveInstances, MOST_INSTANCES, type Transition } from './transition.ts';

const GATE_TIMEOUT_S = 30;

/** The unit of an instance. */
export function instanceUnit(number: number): string {
  return `litellm@${String(number)}.service`;
}

/** Lets a restart of litellm.service, a crash and a boot start this instance, and no other one. */
export function linkAction({ instanceLinks, instanceUnit: unit }: HostPaths, number: number): Action {
  return { kind: 'use-instance', folder: instanceLinks, unit, number };
}

/** Stops instances that stand by: the run that started them was cut off before they took over. */
export function standbySteps(actual: Actual): readonly Step[] {
  const units = aliveInstances(actual).flatMap(({ number, state }) =>
    state === 'standby' ? [instanceUnit(number)] : [],
  );
  if (units.length === 0) return [];
  return [
    {
      id: 'service.standby',
      title: `stop ${units.join(' and ')}`,
      detail: `${units.join(', ')}: stands by since a run that was cut off; no request is lost`,
      stage: 'switch',
      verb: 'stop',
      actions: [systemctl('stop', ...units)],
    },
  ];
}

/** Starts the new instance beside the one that serves, lets it prove itself, and lets it take over. */
export function besideSteps(
  { paths, settings }: Desired,
  actual: Actual,
  { from, to }: Extract<Transition, { kind: 'beside' }>,
): readonly Step[] {
  const unit = instanceUnit(to);
  const gateway = `${paths.deployments}/${String(to)}/gateway`;
  const old = from === 'process' ? 'the gateway in litellm.service' : instanceUnit(from);
  const { gateModel, gateSoakS } = settings;
  const step = (part: Omit<Step, 'stage'>): Step => ({ ...part, stage: 'switch' });
  return [
    step({
      id: 'service.start',
      title: `start ${unit} beside ${old}`,
      detail:
        from === 'process'
          ? `${old} does not know of instances: both accept connections from now on`
          : `${old} serves; ${unit} accepts nothing yet`,
      verb: 'start',
      actions: [{ kind: 'start-instance', number: to, user: settings.user }],
    }),
    step({
      id: 'service.gate',
      title: `wait until ${unit} is fit to serve`,
      detail: [
        `${gateway} --control gate --instance ${String(to)}, at most ${String(GATE_TIMEOUT_S)} s, and no end within ${String(gateSoakS)} s`,
        ...(gateModel === undefined ? [] : [`one real answer of ${gateModel}, if it is in memory`]),
      ].join('\n'),
      verb: 'check',
      actions: [{ kind: 'gate', gateway, number: to, timeoutS: GATE_TIMEOUT_S, soakS: gateSoakS, model: gateModel }],
    }),
    step({
      id: 'service.take-over',
      title: `let ${unit} take over (no downtime; ${old} ends its streams)`,
      detail: [...drainLines(from, old, settings.drainTimeoutS), ...cutLines(actual)].join('\n'),
      verb: 'switch',
      actions:
        from === 'process'
          ? [{ kind: 'replace-process' }]
          : [linkAction(paths, to), systemctl('daemon-reload'), { kind: 'take-over', gateway, number: to, from }],
    }),
  ];
}

function drainLines(from: number | 'process', old: string, drainTimeoutS: number): readonly string[] {
  if (from === 'process') return [`${old} ends what it has begun within 60 s; idle connections are closed`];
  const time =
    drainTimeoutS % 60 === 0 && drainTimeoutS > 0 ? `${String(drainTimeoutS / 60)} min` : `${String(drainTimeoutS)} s`;
  return [
    `${old} ends its streams within ${time}, and nothing waits for it; to watch it: systemctl list-units 'litellm@*'`,
  ];
}

// Said beforehand, since streams are cut.
function cutLines(actual: Actual): readonly string[] {
  const alive = aliveInstances(actual).filter(({ state }) => state !== 'standby');
  return alive
    .slice(0, Math.max(0, alive.length + 1 - MOST_INSTANCES))
    .map(({ number }) => `${instanceUnit(number)} is cut: at most ${String(MOST_INSTANCES)} instances run at a time`);
}
