import type { Desired } from '../render/desired.ts';
import type { Actual } from './actual.ts';
import type { Action, Step } from './plan.ts';
import { putBackScript } from './put-back.ts';
import { backupFolder, replacedBy } from './replaced.ts';
import { systemctl } from './systemctl.ts';

/** The steps of a take-over: `prepare` copies everything that is replaced, `switch` stops the old service. */
export interface TakeOver {
  readonly prepare: readonly Step[];
  readonly switch: readonly Step[];
}

/** Steps that copy the foreign installation and make room for hxllm's. No steps if nothing is foreign. */
export function planTakeOver(desired: Desired, actual: Actual): TakeOver {
  if (actual.foreign.length === 0) return { prepare: [], switch: [] };
  const folder = backupFolder(actual);
  const { copies, folders, units, dropIns } = replacedBy(desired, actual);
  const running = units.filter((unit) => unit.active).map((unit) => unit.name);
  // Stopping and removing links is what `systemctl disable --now` does, and a failed switch puts the links back.
  const inTheWay = [...units.flatMap((unit) => unit.links), ...dropIns.map((one) => one.path)];
  const stop: readonly Action[] = [
    ...(running.length === 0 ? [] : [systemctl('stop', ...running)]),
    ...(inTheWay.length === 0 ? [] : [{ kind: 'remove' as const, paths: inTheWay }]),
  ];
  const names = units.map((unit) => unit.name).join(', ');
  return {
    prepare: [
      {
        id: 'take-over.copy',
        title: `copy the replaced installation to ${folder}`,
        detail: [
          ...actual.foreign.map((one) => `${one.path}: ${one.looksLike}`),
          ...dropIns.map((one) => `${one.path}: a drop-in of the replaced unit, with which hxllm’s could not run`),
        ].join('\n'),
        stage: 'prepare',
        verb: 'copy',
        actions: [{ kind: 'copy', paths: copies, folders, folder, putBack: putBackScript(desired, actual) }],
      },
    ],
    switch:
      stop.length === 0
        ? []
        : [
            {
              id: 'take-over.stop',
              title: `${running.length === 0 ? 'disable' : 'stop and disable'} ${names}`,
              detail: [...running, ...inTheWay].join('\n'),
              stage: 'switch',
              verb: 'stop',
              actions: stop,
            },
          ],
  };
}
