import { USER_GECOS } from '../core/mark.ts';
import type { Footprint } from '../facts/footprint/footprint.ts';
import type { HostPaths, Settings } from '../render/desired.ts';
import {
  accessText,
  accountRemovals,
  goesAway,
  isGone,
  removalOf,
  STATE_NAMES,
  withRecords,
  type AccountRemoval,
  type Removal,
} from './footprint.ts';
import type { Actual } from './actual.ts';
import type { Action, Plan, Step } from './plan.ts';
import { leftMarkers, leftOvers, stayingLines, textIn } from './left-behind.ts';
import { stagedPaths } from './staged.ts';
import { markedUnits, step, stopSteps } from './uninstall-units.ts';

/** Names of the state that cannot be learned again. */
const DATA: ReadonlySet<string> = new Set(['gateway.db', 'journal', 'budgets.json']);

/** The steps of an uninstall, and what it leaves with the reason. */
export interface UninstallPlan {
  readonly plan: Plan;
  readonly left: readonly string[];
  /** Whether a folder or account that hxllm created stays. */
  readonly stays: boolean;
}

/**
 * Removes only things with hxllm's mark and things that a marker lists, also those of former configurations. No steps if there are none.
 * `keepData`: the gateway's state stays, and with it the user who owns it.
 */
export function planUninstall(
  settings: Settings,
  paths: HostPaths,
  seen: Pick<Actual, 'installation' | 'footprint'>,
  { keepData = false }: { readonly keepData?: boolean } = {},
): UninstallPlan {
  const actual = keepData ? { ...seen, footprint: withoutState(seen.footprint) } : seen;
  const staged = new Set(stagedPaths(paths).filter((path) => actual.installation.entries.has(path)));
  const removal = removalOf(actual.footprint, {
    current: false,
    needed: new Set(),
    unwanted: new Set(),
    managed: settings.serviceManager === 'systemd',
    alsoGone: [
      ...staged,
      ...(settings.serviceManager === 'process'
        ? [paths.logFile, paths.pidFile]
        : markedUnits(paths, actual.installation.entries)),
    ],
  });
  const accounts =
    settings.serviceManager === 'process'
      ? []
      : accountRemovals(
          actual.footprint,
          { user: undefined, group: undefined },
          (path) => isGone(removal, path) || staged.has(path),
        );
  const going = accounts.filter(goesAway);
  const staying = accounts.filter((one) => !goesAway(one));
  const steps = [
    ...stopSteps(settings, paths, actual.installation),
    ...fileSteps(paths, removal, staged, actual),
    ...installSteps(removal),
    ...accessSteps(removal),
    ...going.map((one) => accountStep(one, settings, toRoot(removal, actual.footprint))),
    ...folderSteps(settings, removal, staying, actual.footprint),
  ];
  return {
    plan: {
      command: 'hxllm uninstall',
      steps,
      recover: { before: [], after: [] },
      hasPrevious: false,
      keepFolder: `${paths.installDir}/.previous`,
    },
    left: [
      ...leftOvers(settings, paths, actual),
      ...stayingLines(removal, staying, keepData ? STATE_NAMES : new Set()),
      ...auditLines(settings, paths, actual, steps),
    ],
    stays: removal.staying.size > 0 || staying.length > 0,
  };
}

/** A footprint in which the files of the state belong to nobody. */
function withoutState(footprint: Footprint): Footprint {
  const folders = [...footprint.folders].map(
    ([path, state]) => [path, { ...state, ours: state.ours.filter((name) => !STATE_NAMES.has(name)) }] as const,
  );
  return { ...footprint, folders: new Map(folders) };
}

function auditLines(
  { serviceManager }: Settings,
  { auditLog }: HostPaths,
  { installation }: Pick<Actual, 'installation'>,
  steps: readonly Step[],
): readonly string[] {
  const isThere = installation.entries.has(auditLog) || steps.length > 0;
  return serviceManager === 'systemd' && isThere ? [`${auditLog}: the log of all changes of this host`] : [];
}

function fileSteps(
  paths: HostPaths,
  { files, trees }: Removal,
  staged: ReadonlySet<string>,
  { installation: { entries, notes } }: Pick<Actual, 'installation' | 'footprint'>,
): readonly Step[] {
  const marked = files.filter((path) => !path.endsWith('/current') && !isState(path));
  const state = files.filter(isState);
  const stateTrees = trees.filter(isState);
  const going = [...state, ...stateTrees];
  // The log of the service manager `process` is hxllm's own file.
  const log = notes !== undefined && entries.has(paths.logFile) ? [paths.logFile] : [];
  const all = [...marked, ...staged, ...log];
  const why = log.length > 0 ? 'they carry hxllm’s mark, or are its log' : 'they carry hxllm’s mark';
  const learned = 'the gateway has learned it: the contexts that have grown. Another installation learns it again';
  const stored = 'keys, teams, users and usage are in it, and nobody makes them again; --keep-data keeps them';
  const hasData = going.some((path) => DATA.has(path.slice(path.lastIndexOf('/') + 1)));
  return [
    ...(all.length === 0 ? [] : [step('files', `remove ${all.join(', ')}`, why, [{ kind: 'remove', paths: all }])]),
    ...(going.length === 0
      ? []
      : [
          step('state', `remove ${going.join(', ')}`, hasData ? stored : learned, [
            ...(state.length === 0 ? [] : [{ kind: 'remove' as const, paths: state }]),
            ...stateTrees.map((path): Action => ({ kind: 'remove-tree', path })),
          ]),
        ]),
  ];
}

function installSteps({ files, trees }: Removal): readonly Step[] {
  const links = files.filter((path) => path.endsWith('/current'));
  const releases = trees.filter((path) => !isState(path));
  const all = [...links, ...releases];
  if (all.length === 0) return [];
  const folders = [...new Set(all.map((path) => path.slice(0, path.lastIndexOf('/'))))];
  return [
    step(
      'release',
      `remove deployments, releases and runtimes from ${folders.join(', ')}`,
      folders.map((folder) => `${folder}/.hxllm lists them as hxllm’s`).join('\n'),
      [
        ...(links.length === 0 ? [] : [{ kind: 'remove' as const, paths: links }]),
        ...releases.map((path): Action => ({ kind: 'remove-tree', path })),
      ],
    ),
  ];
}

function isState(path: string): boolean {
  return STATE_NAMES.has(path.slice(path.lastIndexOf('/') + 1));
}

function accountStep({ kind, name, actions }: AccountRemoval, settings: Settings, before: readonly Action[]): Step {
  const why = kind === 'user' ? `its comment field says “${USER_GECOS}”` : 'hxllm created it';
  const id = name === settings[kind] ? `user.${kind}` : `user.${kind}.${name}`;
  return step(id, `remove the ${kind} ${name}`, why, [...before, ...actions]);
}

// Folders go last, with the markers, and an account goes only if nothing belongs to it any more.
function toRoot({ folders }: Removal, footprint: Footprint): readonly Action[] {
  const others = folders.filter((path) => {
    const { owner, group } = footprint.folders.get(path) ?? {};
    return owner !== 'root' || group !== 'root';
  });
  return others.length === 0 ? [] : [{ kind: 'command', argv: ['chown', '--', 'root:root', ...others] }];
}

// An account goes only if no folder belongs to it any more.
function accessSteps({ access }: Removal): readonly Step[] {
  if (access.length === 0) return [];
  const paths = access.map(({ path }) => path).join(', ');
  return [
    step('folders.access', `restore owner and mode of ${paths}`, access.map(accessText).join('\n'), access, 'change'),
  ];
}

// The markers list what hxllm created, so they are removed last: an interrupted uninstall still knows what is left.
function folderSteps(
  settings: Settings,
  removal: Removal,
  staying: readonly AccountRemoval[],
  footprint: Footprint,
): readonly Step[] {
  const { markers, folders } = removal;
  const left = leftMarkers(settings, removal, staying, footprint);
  const gone = withRecords(markers.filter((path) => !left.some((marker) => marker.path === path)));
  const writes = left.filter(({ path, text }) => textIn(path, footprint) !== text);
  const actions: readonly Action[] = [
    ...writes,
    ...(gone.length === 0 ? [] : [{ kind: 'remove' as const, paths: gone }]),
    ...folders.map((path): Action => ({ kind: 'remove-empty', path })),
  ];
  if (actions.length === 0) return [];
  return [
    step(
      'folders',
      'remove the marker and the empty folders that hxllm created',
      [...gone, ...folders, ...writes.map(({ path }) => `${path}: notes what stays`)].join('\n'),
      actions,
    ),
  ];
}
