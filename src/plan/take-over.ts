import type { Foreign } from '../facts/foreign.ts';
import type { Desired } from '../render/desired.ts';
import type { Action, Step } from './plan.ts';
import type { Actual } from './actual.ts';
import { systemctl } from './systemctl.ts';

/** The steps of a take-over: `prepare` copies everything foreign, `switch` stops the old service. */
export interface TakeOver {
  readonly prepare: readonly Step[];
  readonly switch: readonly Step[];
}

/** The folder for the copies. */
export function backupFolder(timestamp: string): string {
  return `/var/backups/litellm-${timestamp}`;
}

/** Steps that copy the foreign installation and make room for hxllm's. No steps if nothing is foreign. */
export function planTakeOver(desired: Desired, actual: Actual): TakeOver {
  const { foreign, timestamp, installation } = actual;
  if (foreign.length === 0) return { prepare: [], switch: [] };
  const folder = backupFolder(timestamp);
  const files = foreign.filter((one) => one.kind === 'file' || one.kind === 'unit').map((one) => one.path);
  const own = new Set<string>(desired.files.map((file) => file.path));
  // Drop-ins would change hxllm's unit too. A package's unit is shadowed by hxllm's and stays.
  const inTheWay = files.filter((path) => !own.has(path) && /^\/(?:etc|run)\//.test(path));
  const units = [
    ...new Set([
      ...(installation.service?.active === 'active' || installation.service?.enabled === 'enabled'
        ? ['litellm.service']
        : []),
      ...otherUnits(foreign),
    ]),
  ];
  const commands = putBackCommands(desired, actual);
  const stop: readonly Action[] = [
    ...units.map((unit): Action => systemctl('disable', '--now', unit)),
    ...(inTheWay.length === 0 ? [] : [{ kind: 'remove' as const, paths: inTheWay }]),
  ];
  return {
    prepare: [
      {
        id: 'take-over.copy',
        title: `copy the foreign installation to ${folder}`,
        detail: foreign.map((one) => `${one.path}: ${one.looksLike}`).join('\n'),
        stage: 'prepare',
        verb: 'copy',
        actions: [
          { kind: 'copy', paths: files, folder: `${folder}/files` },
          {
            kind: 'write',
            path: `${folder}/put-back.sh`,
            owner: 'root',
            group: 'root',
            mode: 0o600,
            text: `# Puts back what hxllm took over at ${timestamp}.\n${commands.join('\n')}\n`,
          },
        ],
      },
    ],
    switch:
      stop.length === 0
        ? []
        : [
            {
              id: 'take-over.stop',
              title:
                units.length === 0
                  ? 'remove files that would change the new units'
                  : `stop and disable ${units.join(', ')}`,
              detail: [...units, ...inTheWay].join('\n'),
              stage: 'switch',
              verb: 'stop',
              actions: stop,
            },
          ],
  };
}

/** The commands that put the old installation back. Each can be pasted. */
export function putBackCommands(
  { files, paths }: Desired,
  { foreign, timestamp, installation }: Actual,
): readonly string[] {
  const copies = foreign.filter((one) => one.kind === 'file' || one.kind === 'unit').map((one) => one.path);
  const ours = files.map((file) => file.path).filter((path) => !copies.includes(path));
  const folders = [paths.configDir, paths.installDir].flatMap((path) => {
    const entry = installation.entries.get(path);
    return entry === undefined ? [] : [{ path, ...entry }];
  });
  const old = installation.service;
  const others = otherUnits(foreign);
  return [
    'sudo systemctl disable --now litellm.socket litellm.service',
    ...(ours.length === 0 ? [] : [`sudo rm -f ${ours.join(' ')}`]),
    ...copies.map((path) => `sudo cp -a --remove-destination ${backupFolder(timestamp)}/files${path} ${path}`),
    ...folders.flatMap(({ path, owner, group, mode }) => [
      `sudo chown ${owner}:${group} ${path}`,
      `sudo chmod ${mode.toString(8)} ${path}`,
    ]),
    'sudo systemctl daemon-reload',
    ...(old?.enabled === 'enabled' ? ['sudo systemctl enable litellm.service'] : []),
    ...(old?.active === 'active' ? ['sudo systemctl start litellm.service'] : []),
    ...others.map((unit) => `sudo systemctl enable --now ${unit}`),
  ];
}

/** Foreign things that hxllm could not put back and therefore does not take over: processes that no LiteLLM unit runs. */
export function untakeable(foreign: readonly Foreign[]): readonly Foreign[] {
  return foreign.filter((one) => one.kind === 'process' && one.unit !== 'litellm.service' && !isLitellmUnit(one));
}

/** Units other than litellm.service that run LiteLLM on the port. */
export function otherUnits(foreign: readonly Foreign[]): readonly string[] {
  return foreign.flatMap((one) =>
    one.kind === 'process' && isLitellmUnit(one) && one.unit !== undefined && one.unit !== 'litellm.service'
      ? [one.unit]
      : [],
  );
}

function isLitellmUnit(one: Foreign): boolean {
  return one.unit?.endsWith('.service') === true && /litellm/i.test(`${one.unit} ${one.path} ${one.looksLike}`);
}
