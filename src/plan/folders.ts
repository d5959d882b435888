import type { Entry, Notes } from '../facts/installation/installation.ts';
import { writeNotes } from '../facts/installation/notes.ts';
import { foldersAbove } from '../facts/installation/question.ts';
import type { HostPaths, Settings, Desired } from '../render/desired.ts';
import { modeText, ownerText } from './mode.ts';
import type { Action, Step } from './plan.ts';
import type { Actual } from './actual.ts';

/** A folder as it is to be; without owner and mode it only has to be there. */
interface WantedFolder {
  readonly path: string;
  readonly owner: string | undefined;
  readonly group: string | undefined;
  readonly mode: number | undefined;
}

/** Every folder that is needed, those above before those below. */
export function desiredFolders(settings: Settings, paths: HostPaths): readonly WantedFolder[] {
  const managed = settings.serviceManager === 'systemd';
  const root = managed ? 'root' : undefined;
  const own: readonly WantedFolder[] = [
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

/** Folders that are missing, and the marker that says what hxllm made. */
export function planFolders(desired: Desired, actual: Actual): readonly Step[] {
  const { entries, notes } = actual.installation;
  const missing = desiredFolders(desired.settings, desired.paths).filter((folder) => !entries.has(folder.path));
  if (missing.length === 0 && notes !== undefined) return [];
  const actions: readonly Action[] = [...missing.map(folderAction), markerAction(desired, notesAfter(desired, actual))];
  const detail = [
    ...missing.map((folder) => `${folder.path}: is not there`),
    ...(notes === undefined ? [`${desired.paths.marker}: marks the folder as hxllm’s`] : []),
  ].join('\n');
  return [
    {
      id: 'folders',
      title: `make ${desired.paths.installDir} and ${desired.paths.configDir}`,
      detail,
      stage: 'prepare',
      verb: 'create',
      actions,
    },
  ];
}

/** Folders that are there with another owner or mode. Somebody may be using them, so they are part of the switch. */
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

function folderAction({ path, owner, group, mode }: WantedFolder): Action {
  return { kind: 'folder', path, owner, group, mode: mode ?? 0o755 };
}

/** What the marker says after the plan: what was made earlier and what this plan makes. Nothing is confirmed yet. */
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

// Of folders that were there before hxllm: the owner and mode that they had, so that uninstall can give them back.
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

function difference(folder: WantedFolder, entry: Entry | undefined): string | undefined {
  if (entry === undefined || folder.mode === undefined || entry.kind === 'link') return undefined;
  const desired = `${ownerText(folder, entry)} ${modeText(folder.mode)}`;
  const actual = `${entry.owner}:${entry.group} ${modeText(entry.mode)}`;
  return desired === actual ? undefined : `${actual}, wanted ${desired}`;
}
