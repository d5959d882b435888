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
  ];
  const files = managed ? [] : [paths.pidFile, paths.logFile];
  const above = [...own.map((folder) => `${folder.path}/.`), ...files].flatMap((path) => foldersAbove(path));
  const needed = [...new Set(above)].filter((path) => !own.some((folder) => folder.path === path));
  return [...needed.map((path) => ({ path, owner: root, group: root, mode: undefined })), ...own].toSorted((a, b) =>
    a.path < b.path ? -1 : 1,
  );
}

/** Creates the folders that are missing, and the marker, which lists what hxllm created. */
export function planFolders(desired: Desired, actual: Actual): readonly Step[] {
  const { entries, notes } = actual.installation;
  const missing = desiredFolders(desired.settings, desired.paths).filter((folder) => !entries.has(folder.path));
  if (missing.length === 0 && notes !== undefined) return [];
  const actions: readonly Action[] = [...missing.map(folderAction), markerAction(desired, notesAfter(desired, actual))];
  const detail = [
    ...missing.map((folder) => `${folder.path}: missing`),
    ...(notes === undefined ? [`${desired.paths.marker}: marks the folder as hxllm’s`] : []),
  ].join('\n');
  return [
    {
      id: 'folders',
      title: `create ${desired.paths.installDir} and ${desired.paths.configDir}`,
      detail,
      stage: 'prepare',
      verb: 'create',
      actions,
    },
  ];
}

/** Corrects owner and mode of existing folders. A running service may use them, so this is part of the switch. */
export function planAccess(desired: Desired, { installation }: Actual): readonly Step[] {
  const different = desiredFolders(desired.settings, desired.paths).flatMap((folder) => {
    const why = difference(folder, installation.entries.get(folder.path));
    return why === undefined ? [] : [{ folder, why }];
  });
  if (different.length === 0) return [];
  const paths = different.map(({ folder }) => folder.path);
  return [
    {
      id: 'folders.access',
      title: `set owner and mode of ${paths.join(', ')}`,
      detail: different.map(({ folder, why }) => `${folder.path}: ${why}`).join('\n'),
      stage: 'switch',
      verb: 'change',
      actions: different.map(({ folder }) => folderAction(folder)),
    },
  ];
}

function folderAction({ path, owner, group, mode }: DesiredFolder): Action {
  return { kind: 'folder', path, owner, group, mode: mode ?? 0o755 };
}

/**
 * The notes of the marker after the plan: all things that hxllm created earlier and that this plan creates. Nothing is
 * confirmed yet.
 */
export function notesAfter({ settings, paths }: Desired, { installation }: Actual): Notes {
  const folders = desiredFolders(settings, paths)
    .filter((folder) => !installation.entries.has(folder.path))
    .map((folder) => `folder ${folder.path}`);
  const managed = settings.serviceManager === 'systemd';
  const group = managed && !installation.groupExists ? [`group ${settings.group}`] : [];
  const user = managed && installation.user === undefined ? [`user ${settings.user}`] : [];
  const made = [...(installation.notes?.made ?? []), ...group, ...user, ...folders];
  return {
    made: [...new Set([...made, ...accessBefore(settings, paths, installation.entries, made)])],
    confirmed: undefined,
  };
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
export function markerAction({ settings, paths }: Desired, notes: Notes): Action {
  const root = settings.serviceManager === 'systemd' ? 'root' : undefined;
  return { kind: 'write', path: paths.marker, owner: root, group: root, mode: 0o600, text: writeNotes(notes) };
}

function difference(folder: DesiredFolder, entry: Entry | undefined): string | undefined {
  if (entry === undefined || folder.mode === undefined || entry.kind === 'link') return undefined;
  const desired = `${ownerText(folder, entry)} ${modeText(folder.mode)}`;
  const actual = `${entry.owner}:${entry.group} ${modeText(entry.mode)}`;
  return desired === actual ? undefined : `expected ${desired}, found ${actual}`;
}
