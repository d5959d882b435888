import { USER_GECOS } from '../core/mark.ts';
import type { StepVerb } from '../core/recorder.ts';
import { recordFile } from '../facts/host-record.ts';
import type { Installation } from '../facts/installation/installation.ts';
import type { HostPaths, Settings } from '../render/desired.ts';
import { modeText } from './mode.ts';
import type { Action, Plan, Step } from './plan.ts';
import { systemctl } from './systemctl.ts';

/** The steps of an uninstall, and what it leaves with the reason. */
export interface UninstallPlan {
  readonly plan: Plan;
  readonly left: readonly string[];
}

/** Removes only things with hxllm's mark and things that the marker lists. No steps if there are none. */
export function planUninstall(settings: Settings, paths: HostPaths, installation: Installation): UninstallPlan {
  const steps = [
    ...stopSteps(settings, paths, installation),
    ...fileSteps(paths, installation),
    ...installSteps(paths, installation),
    ...userSteps(settings, installation),
    ...folderSteps(paths, installation),
  ];
  return {
    plan: {
      steps,
      recover: { before: [], after: [] },
      hasPrevious: false,
      keepFolder: `${paths.installDir}/.previous`,
    },
    left: leftOvers(settings, paths, installation),
  };
}

function step(id: string, title: string, detail: string, actions: readonly Action[], verb: StepVerb = 'remove'): Step {
  return { id, title, detail, stage: 'prepare', verb, actions };
}

function stopSteps(
  { serviceManager }: Settings,
  paths: HostPaths,
  { entries, notes, daemon }: Installation,
): readonly Step[] {
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
  const units = [paths.socketUnit, paths.serviceUnit].filter((path) => entries.get(path)?.marked === true);
  if (units.length === 0) return [];
  const names = units.map((path) => path.slice(path.lastIndexOf('/') + 1));
  return [
    step(
      'service.stop',
      `stop and disable ${names.join(' and ')}`,
      names.join('\n'),
      [systemctl('disable', '--now', ...names)],
      'stop',
    ),
    step('service.units', `remove ${units.join(' and ')}`, 'they carry hxllm’s mark', [
      { kind: 'remove', paths: units },
      systemctl('daemon-reload'),
      { ...systemctl('reset-failed', ...names), mayFail: true },
    ]),
  ];
}

function fileSteps(paths: HostPaths, { entries, notes }: Installation): readonly Step[] {
  const files = [paths.configFile, paths.envFile].filter((path) => entries.get(path)?.marked === true);
  // The log of the service manager `process` is hxllm's own file.
  const log = notes !== undefined && entries.has(paths.logFile) ? [paths.logFile] : [];
  const all = [...files, ...log];
  return all.length === 0
    ? []
    : [
        step(
          'files',
          `remove ${all.join(', ')}`,
          log.length > 0 ? 'they carry hxllm’s mark, or are its log' : 'they carry hxllm’s mark',
          [{ kind: 'remove', paths: all }],
        ),
      ];
}

function installSteps(paths: HostPaths, { notes }: Installation): readonly Step[] {
  if (notes === undefined) return [];
  const trees = [paths.releases, paths.runtimes, `${paths.installDir}/.previous`].map((path): Action => ({
    kind: 'remove-tree',
    path,
  }));
  return [
    step('release', `remove releases and runtimes from ${paths.installDir}`, `${paths.marker} lists them as hxllm’s`, [
      { kind: 'remove', paths: [paths.current] },
      ...trees,
    ]),
  ];
}

// The user or group may have been changed or removed since then.
const REMOVE_USER = 'if [ "$(getent passwd "$1" | cut -d: -f5)" = "$2" ]; then userdel "$1"; fi';
const REMOVE_GROUP = 'if getent group "$1" > /dev/null; then groupdel "$1"; fi';

function userSteps({ user, group, serviceManager }: Settings, { notes, ...actual }: Installation): readonly Step[] {
  if (serviceManager === 'process') return [];
  const removesUser = actual.user?.gecos === USER_GECOS;
  const made = (word: string): readonly string[] =>
    (notes?.made ?? []).flatMap((thing) => (thing.startsWith(`${word} `) ? [thing.slice(word.length + 1)] : []));
  // Created before litellm_user or litellm_group was changed.
  const earlier = {
    users: made('user').filter((name) => name !== user),
    groups: made('group').filter((name) => name !== group),
  };
  const removesGroup = actual.groupExists && notes?.made.includes(`group ${group}`) === true;
  return [
    ...(removesUser
      ? [
          step('user.user', `remove the user ${user}`, `its comment field says “${USER_GECOS}”`, [
            { kind: 'command', argv: ['userdel', user] },
          ]),
        ]
      : []),
    // userdel removes a group of the same name with its user, where login.defs says so.
    ...(removesGroup
      ? [
          step('user.group', `remove the group ${group}`, 'hxllm created it', [
            { kind: 'command', argv: ['sh', '-c', REMOVE_GROUP, 'hxllm', group] },
          ]),
        ]
      : []),
    ...earlier.users.map((name) =>
      step(
        `user.user.${name}`,
        `remove the user ${name}`,
        'hxllm created it, and litellm_user has changed since then',
        [{ kind: 'command', argv: ['sh', '-c', REMOVE_USER, 'hxllm', name, USER_GECOS] }],
      ),
    ),
    ...earlier.groups.map((name) =>
      step(
        `user.group.${name}`,
        `remove the group ${name}`,
        'hxllm created it, and litellm_group has changed since then',
        [{ kind: 'command', argv: ['sh', '-c', REMOVE_GROUP, 'hxllm', name] }],
      ),
    ),
  ];
}

// The marker lists what hxllm created, so it is removed last: an interrupted uninstall still knows what is left.
function folderSteps(paths: HostPaths, { notes, entries }: Installation): readonly Step[] {
  if (notes === undefined) return [];
  const made = notes.made.flatMap((thing) => (thing.startsWith('folder ') ? [thing.slice('folder '.length)] : []));
  const there = made.filter((path) => entries.has(path)).toSorted((a, b) => b.length - a.length);
  const actions = there.map((path): Action => ({ kind: 'remove-empty', path }));
  const giveBack = accessBefore(notes.made).filter(({ path }) => entries.has(path));
  return [
    ...(giveBack.length === 0
      ? []
      : [
          step(
            'folders.access',
            `restore owner and mode of ${giveBack.map(({ path }) => path).join(', ')}`,
            giveBack.map(({ path, owner, group, mode }) => `${path}: ${owner}:${group} ${modeText(mode)}`).join('\n'),
            giveBack,
            'change',
          ),
        ]),
    step('folders', 'remove the marker and the empty folders that hxllm created', [paths.marker, ...there].join('\n'), [
      { kind: 'remove', paths: [paths.marker, recordFile(paths.installDir)] },
      ...actions,
    ]),
  ];
}

function accessBefore(made: readonly string[]): readonly Extract<Action, { kind: 'folder' }>[] {
  return made.flatMap((thing) => {
    const [, mode, owner, group, path] = /^access (\d+) ([^:]+):(\S+) (.+)$/.exec(thing) ?? [];
    return mode === undefined || path === undefined
      ? []
      : [{ kind: 'folder', path, owner, group, mode: Number.parseInt(mode, 8) }];
  });
}

function leftOvers(
  { user, serviceManager }: Settings,
  paths: HostPaths,
  { entries, notes, backups, user: seenUser }: Installation,
): readonly string[] {
  const foreign = [paths.configFile, paths.envFile, paths.serviceUnit, paths.socketUnit]
    .filter((path) => entries.has(path) && entries.get(path)?.marked !== true)
    .map((path) => `${path}: it does not carry hxllm’s mark`);
  const folder =
    entries.has(paths.installDir) && notes === undefined ? [`${paths.installDir}: it has no marker of hxllm`] : [];
  const kept =
    serviceManager === 'systemd' && seenUser !== undefined && seenUser.gecos !== USER_GECOS
      ? [`the user ${user}: hxllm did not create it`]
      : [];
  return [
    ...foreign,
    ...folder,
    ...kept,
    ...backups.map((path) => `the copy of the replaced installation; to put it back: sudo sh ${path}`),
  ];
}
