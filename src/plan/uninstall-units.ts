import type { StepVerb } from '../core/recorder.ts';
import type { Installation } from '../facts/installation/installation.ts';
import type { HostPaths, Settings } from '../render/desired.ts';
import { instanceUnit } from './instance.ts';
import { lostSteps } from './lost-units.ts';
import type { Action, Step } from './plan.ts';
import { systemctl } from './systemctl.ts';
import { aliveInstances } from './transition.ts';

/** A step of an uninstall. */
export function step(
  id: string,
  title: string,
  detail: string,
  actions: readonly Action[],
  verb: StepVerb = 'remove',
): Step {
  return { id, title, detail, stage: 'prepare', verb, actions };
}

/** Stops the gateway, and removes its units. */
export function stopSteps({ serviceManager }: Settings, paths: HostPaths, installation: Installation): readonly Step[] {
  const { entries, notes, daemon } = installation;
  if (serviceManager === 'process') {
    // Without the marker the pid file is not hxllm's either.
    if (daemon === undefined || notes === undefined) return [];
    return [
      step(
        'service.stop',
        'stop the gateway',
        `process ${String(daemon.pid)} ${daemon.alive ? 'is running' : 'has ended'}`,
        [{ kind: 'stop-process', pidFile: paths.pidFile, installDir: paths.installDir }],
        'stop',
      ),
    ];
  }
  const units = markedUnits(paths, entries);
  const lost = lostSteps(paths, installation);
  if (units.length === 0) return lost;
  const main = units.filter((path) => path === paths.socketUnit || path === paths.serviceUnit);
  const names = main.map((path) => path.slice(path.lastIndexOf('/') + 1));
  const running = aliveInstances({ installation }).map(({ number }) => instanceUnit(number));
  const link = installation.inUse === undefined ? [] : [`${paths.instanceLinks}/${instanceUnit(installation.inUse)}`];
  const stop: readonly Action[] = [
    ...(names.length === 0 ? [] : [systemctl('disable', '--now', ...names)]),
    // They stop with litellm.service, unless its unit was lost.
    ...(running.length === 0 ? [] : [systemctl('stop', ...running)]),
  ];
  return [
    ...lost,
    ...(stop.length === 0
      ? []
      : [
          step(
            'service.stop',
            `stop and disable ${[...names, ...running].join(' and ')}`,
            [...names, ...running].join('\n'),
            stop,
            'stop',
          ),
        ]),
    step('service.units', `remove ${units.join(' and ')}`, 'they carry hxllm’s mark', [
      {
        kind: 'remove',
        paths: [...units, ...link, ...(units.includes(paths.instanceUnit) ? ['/run/litellm-log'] : [])],
      },
      // systemd keeps it, since an instance may end while others run.
      ...(units.includes(paths.instanceUnit) ? [{ kind: 'remove-tree' as const, path: '/run/litellm' }] : []),
      // As systemctl-disable(1) does.
      ...(link.length === 0 ? [] : [{ kind: 'remove-empty' as const, path: paths.instanceLinks }]),
      // Debian has no such folder, and a lost marker does not tell that hxllm made it.
      ...(units.includes(paths.dropInGenerator)
        ? [
            {
              kind: 'remove-empty' as const,
              path: paths.dropInGenerator.slice(0, paths.dropInGenerator.lastIndexOf('/')),
            },
          ]
        : []),
      systemctl('daemon-reload'),
      { ...systemctl('reset-failed', 'litellm.socket', 'litellm.service', 'litellm@*'), mayFail: true },
    ]),
  ];
}

/** The units of hxllm on the host, and the generator. */
export function markedUnits(
  { socketUnit, serviceUnit, instanceUnit: instance, failedUnit, dropInGenerator }: HostPaths,
  entries: Installation['entries'],
): readonly string[] {
  return [socketUnit, serviceUnit, instance, failedUnit, dropInGenerator].filter(
    (path) => entries.get(path)?.marked === true,
  );
}
