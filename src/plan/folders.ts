import { STATE_FOLDERS } from '../core/state-files.ts';
import { allNotes } from '../facts/footprint/footprint.ts';
import type { Entry, Notes } from '../facts/installation/installation.ts';
import { writeNotes } from '../facts/installation/notes.ts';
import { foldersAbove } from '../facts/installation/question.ts';
import type { HostPaths, Settings, Desired } from '../render/desired.ts';
import { modeText, ownerText } from './mode.ts';
import type { Action, Step } from './plan.ts';
import type { Actual } from './actual.ts';

/** A folder as it should be. Without owner and mode it only has to exist. */
interface DesiredFolder {
  readonly path: string;
  readonly owner: string | undefined;
  readonly group: string | undefined;
  readonly mode: number | undefined;
}

/** Every folder that is needed, parents first. */
export function desiredFolders(settings: Settings, paths: HostPaths): readonly DesiredFolder[] {
  const managed = settings.serviceManager === 'systemd';
  const root = managed ? 'root' : undefined;
  const own: readonly DesiredFolder[] = [
    { path: paths.configDir, owner: root, group: managed ? settings.group : undefined, mode: 0o750 },
    { path: paths.installDir, owner: root, group: root, mode: 0o755 },
    { path: paths.releases, owner: root, group: root, mode: 0o755 },
    { path: paths.runtimes, owner: root, group: root, mode: 0o755 },
    // systemd would make it too, and give a folder of another owner away with everything in it.
    {
      path: paths.stateDir,
      owner: managed ? settings.user : undefined,
      group: managed ? settings.group : undefined,
      mode: 0o700,
    },
  ];
  const files = managed ? [paths.dropInGenerator] : [paths.pidFile, paths.logFile];
  const above = [...own.map((folder) => `${folder.path}/.`), ...files].flatMap((path) => foldersAbove(path));
  const needed = [...new Set(above)].filter((path) => !own.some((folder) => folder.path === path));
  return [...needed.map((path) => ({ path, owner: root, group: root, mode: undefined })), ...own].toSorted((a, b) =>
    a.path < b.path ? -1 : 1,
  );
}

/**
 * Creates the install folder with the marker, which lists what hxllm creates and uses, before anything else: a run that ends early
 * leaves nothing that a later uninstall does not know. The folders that belong to the service's accounts follow by {@link planAccountFolders}.
 */
export function planFolders(desired: Desired, actual: Actual): readonly Step[] {
  const { notes } = actual.installation;
  const { settings, paths } = desired;
  const missing = missingFolders(desired, actual);
  const later = new Set(accountFolders(desired, actual).map(({ path }) => path));
  const here = missing.filter(({ path }) => !later.has(path));
  const known = usedBefore(actual);
  const fresh = usedNow(desired).filter((thing) => !known.includes(thing));
  if (missing.length === 0 && notes !== undefined && fresh.length === 0) return [];
  const after = notesAfter(desired, actual);
  // The marker of the running installation notes the new folders too: a switch that fails, or that is never reached, leaves
  // them. Until the switch it is still confirmed.
  const former = [...actual.footprint.markers].filter(
    ([folder]) => actual.footprint.folders.get(folder)?.isInstallDir === false,
  );
  const isAbove = (path: string): boolean => path === paths.installDir || paths.installDir.startsWith(`${path}/`);
  const root = settings.serviceManager === 'systemd' ? 'root' : undefined;
  const actions: readonly Action[] = [
    ...former.map(([folder, { confirmed }]) => markerAction(desired, { ...after, confirmed }, `${folder}/.hxllm`)),
    // The group does not exist yet.
    ...missing.filter(({ path }) => isAbove(path)).map((folder) => folderAction({ ...folder, group: root })),
    markerAction(desired, { ...after, confirmed: notes?.confirmed }),
    ...here.filter(({ path }) => !isAbove(path)).map(folderAction),
  ];
  const detail = [
    ...here.map((folder) => `${folder.path}: missing`),
    ...(notes === undefined ? [`${paths.marker}: marks the folder as hxllm’s`] : []),
    ...(notes === undefined ? [] : fresh.map((thing) => `${paths.marker}: notes the ${thing}`)),
  ].join('\n');
  return [
    {
      id: 'folders',
      title:
        here.length === 0 && notes !== undefined
          ? `note the new folders and accounts in ${paths.marker}`
          : `create ${[paths.installDir, ...ownPaths(here, paths)].join(' and ')}`,
      detail: detail === '' ? `${paths.marker}: notes ${[...later].join(', ')}` : detail,
      stage: 'prepare',
      verb: 'create',
      actions,
    },
  ];
}

/** Creates the folder of config.yaml, which belongs to the group of the service, and that of its state, which belongs to its user. */
export function planAccountFolders(desired: Desired, actual: Actual): readonly Step[] {
  const { paths } = desired;
  const missing = accountFolders(desired, actual);
  if (missing.length === 0) return [];
  return [
    {
      id: 'folders.config',
      title: `create ${ownPaths(missing, paths).join(' and ')}`,
      detail: missing.map(({ path }) => `${path}: missing`).join('\n'),
      stage: 'prepare',
      verb: 'create',
      actions: missing.map(folderAction),
    },
  ];
}

function missingFolders({ settings, paths }: Desired, { installation }: Actual): readonly DesiredFolder[] {
  return desiredFolders(settings, paths).filter((folder) => !installation.entries.has(folder.path));
}

function ownPaths(folders: readonly DesiredFolder[], { configDir, stateDir }: HostPaths): readonly string[] {
  return folders.flatMap(({ path }) => (path === configDir || path === stateDir ? [path] : []));
}

// The missing folders of config.yaml and of the state, with those above that nothing else needs. Without systemd they belong to the login user.
function accountFolders(desired: Desired, actual: Actual): readonly DesiredFolder[] {
  const { settings, paths } = desired;
  if (settings.serviceManager === 'process') return [];
  const isNeeded = (path: string): boolean => `${paths.installDir}/`.startsWith(`${path}/`);
  const own = [paths.configDir, paths.stateDir];
  return missingFolders(desired, actual).filter(
    ({ path }) => own.includes(path) || (own.some((each) => each.startsWith(`${path}/`)) && !isNeeded(path)),
  );
}

/** Corrects owner and mode of existing folders. A running service may use them, so this is part of the switch. */
export function planAccess(desired: Desired, { installation }: Actual): readonly Step[] {
  const { settings, paths } = desired;
  const states = paths.stateFiles.flatMap((path) => {
    const owner = installation.entries.get(path)?.owner;
    const isOthers = settings.serviceManager === 'systemd' && owner !== undefined && owner !== settings.user;
    return isOthers ? [{ path, owner }] : [];
  });
  const statePaths = states.map(({ path }) => path);
  const folders = new Set(STATE_FOLDERS.map((name) => `${paths.stateDir}/${name}`));
  const depth = statePaths.some((path) => folders.has(path)) ? ['-R'] : [];
  const own: readonly Action[] =
    states.length === 0
      ? []
      : [{ kind: 'command', argv: ['chown', ...depth, '--', `${settings.user}:${settings.group}`, ...statePaths] }];
  const different = desiredFolders(desired.settings, desired.paths).flatMap((folder) => {
    const why = difference(folder, installation.entries.get(folder.path));
    return why === undefined ? [] : [{ folder, why }];
  });
  if (different.length === 0 && own.length === 0) return [];
  const changed = [...different.map(({ folder }) => folder.path), ...statePaths];
  return [
    {
      id: 'folders.access',
      title: `set owner and mode of ${changed.join(', ')}`,
      detail: [
        ...different.map(({ folder, why }) => `${folder.path}: ${why}`),
        ...states.map(({ path, owner }) => `${path}: expected ${settings.user}, found ${owner}`),
      ].join('\n'),
      stage: 'switch',
      verb: 'change',
      actions: [...different.map(({ folder }) => folderAction(folder)), ...own],
    },
  ];
}

function folderAction({ path, owner, group, mode }: DesiredFolder): Action {
  return { kind: 'folder', path, owner, group, mode: mode ?? 0o755 };
}

/**
 * The notes of the marker after the plan: all things that hxllm created and used earlier, and those of this plan. Nothing is
 * confirmed yet. A user or group that does not exist any more is forgotten: another one of its name is not hxllm's.
 */
export function notesAfter(desired: Desired, { installation, footprint }: Actual): Notes {
  const { settings, paths } = desired;
  const folders = desiredFolders(settings, paths)
    .filter((folder) => !installation.entries.has(folder.path))
    .map((folder) => `folder ${folder.path}`);
  const managed = settings.serviceManager === 'systemd';
  const group = managed && !installation.groupExists ? [`group ${settings.group}`] : [];
  const user = managed && installation.user === undefined ? [`user ${settings.user}`] : [];
  const exists = (thing: string): boolean => {
    const [word, name = ''] = thing.split(' ');
    return word === 'user' ? footprint.users.has(name) : word !== 'group' || footprint.groups.has(name);
  };
  const earlier = [...(installation.notes?.made ?? []), ...allNotes(footprint).made].filter(exists);
  const made = [...earlier, ...group, ...user, ...folders];
  return {
    made: [...new Set([...made, ...accessBefore(settings, paths, installation.entries, made)])],
    used: [...new Set([...usedBefore({ installation, footprint }), ...usedNow(desired)])],
    confirmed: undefined,
    ...(installation.notes?.deployment === undefined ? {} : { deployment: installation.notes.deployment }),
  };
}

function usedNow({ settings, paths }: Desired): readonly string[] {
  return [`config-dir ${paths.configDir}`, `install-dir ${paths.installDir}`, ...accountsOf(settings)];
}

function accountsOf({ serviceManager, user, group }: Settings): readonly string[] {
  return serviceManager === 'systemd' ? [`user ${user}`, `group ${group}`] : [];
}

// Markers of older versions do not note what was used, and the unit names it.
function usedBefore({ installation, footprint }: Pick<Actual, 'installation' | 'footprint'>): readonly string[] {
  const { unit } = footprint;
  const named =
    unit === undefined
      ? []
      : [`config-dir ${unit.configDir}`, `install-dir ${unit.installDir}`, `user ${unit.user}`, `group ${unit.group}`];
  return [...new Set([...(installation.notes?.used ?? []), ...allNotes(footprint).used, ...named])];
}

// Owner and mode of folders that are older than hxllm, so that uninstall can restore them.
function accessBefore(
  settings: Settings,
  paths: HostPaths,
  entries: ReadonlyMap<string, Entry>,
  made: readonly string[],
): readonly string[] {
  return desiredFolders(settings, paths).flatMap((folder) => {
    const entry = entries.get(folder.path);
    if (entry === undefined || difference(folder, entry) === undefined) return [];
    return made.some((thing) => thing.endsWith(` ${folder.path}`))
      ? []
      : [`access ${entry.mode.toString(8)} ${entry.owner}:${entry.group} ${folder.path}`];
  });
}

/** Writes the marker. */
export function markerAction({ settings, paths }: Desired, notes: Notes, path = paths.marker): Action {
  const root = settings.serviceManager === 'systemd' ? 'root' : undefined;
  return { kind: 'write', path, owner: root, group: root, mode: 0o600, text: writeNotes(notes) };
}

function difference(folder: DesiredFolder, entry: Entry | undefined): string | undefined {
  if (entry === undefined || folder.mode === undefined || entry.kind === 'link') return undefined;
  const desired = `${ownerText(folder, entry)} ${modeText(folder.mode)}`;
  const actual = `${entry.owner}:${entry.group} ${modeText(entry.mode)}`;
  return desired === actual ? undefined : `expected ${desired}, found ${actual}`;
}
