import type { Entry, Notes } from '../facts/installation/installation.ts';
import { writeNotes } from '../facts/installation/notes.ts';
import { foldersAbove } from '../facts/installation/question.ts';
import type { HostPaths, Settings, Wanted } from '../render/wanted.ts';
import { modeText, ownerText } from './mode.ts';
import type { Action, Step } from './plan.ts';
import type { Seen } from './seen.ts';

/** A folder as it is to be; without owner and mode it only has to be there. */
interface WantedFolder {
  readonly path: string;
  readonly owner: string | undefined;
  readonly group: string | undefined;
  readonly mode: number | undefined;
}

/** Every folder that is needed, those above before those below. */
export function wantedFolders(settings: Settings, paths: HostPaths): readonly WantedFolder[] {
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
  return [...needed.map((path) => ({ path, owner: root, group: root, mode: undefined })), ...own].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Folders that are missing or have another owner or mode, and the marker that says what hxllm made. */
export function planFolders(wanted: Wanted, seen: Seen): readonly Step[] {
  const { entries } = seen.installation;
  const folders = wantedFolders(wanted.settings, wanted.paths);
  const different = folders.flatMap((folder) => {
    const why = difference(folder, entries.get(folder.path));
    return why === undefined ? [] : [{ folder, why }];
  });
  const notes = notesAfter(wanted, seen);
  if (different.length === 0 && seen.installation.notes !== undefined) return [];
  const actions: readonly Action[] = [
    ...different.map(({ folder }): Action => ({ kind: 'folder', path: folder.path, owner: folder.owner, group: folder.group, mode: folder.mode ?? 0o755 })),
    markerAction(wanted, notes),
  ];
  const detail = [...different.map(({ folder, why }) => `${folder.path}: ${why}`), ...(seen.installation.notes === undefined ? [`${wanted.paths.marker}: marks the folder as hxllm’s`] : [])].join('\n');
  return [{ id: 'folders', title: `make ${wanted.paths.installDir} and ${wanted.paths.configDir}`, detail, stage: 'prepare', kind: 'change', actions }];
}

/** What the marker says after the plan: what was made earlier and what this plan makes. Nothing is confirmed yet. */
export function notesAfter({ settings, paths }: Wanted, { installation }: Seen): Notes {
  const folders = wantedFolders(settings, paths).filter((folder) => !installation.entries.has(folder.path)).map((folder) => `folder ${folder.path}`);
  const group = settings.serviceManager === 'systemd' && !installation.groupExists ? [`group ${settings.group}`] : [];
  return { made: [...new Set([...(installation.notes?.made ?? []), ...group, ...folders])], confirmed: undefined };
}

/** Writes the marker. */
export function markerAction({ settings, paths }: Wanted, notes: Notes): Action {
  const root = settings.serviceManager === 'systemd' ? 'root' : undefined;
  return { kind: 'write', path: paths.marker, owner: root, group: root, mode: 0o600, text: writeNotes(notes) };
}

function difference(folder: WantedFolder, entry: Entry | undefined): string | undefined {
  if (entry === undefined) return 'is not there';
  if (folder.mode === undefined || entry.kind === 'link') return undefined;
  const wanted = `${ownerText(folder, entry)} ${modeText(folder.mode)}`;
  const seen = `${entry.owner}:${entry.group} ${modeText(entry.mode)}`;
  return wanted === seen ? undefined : `${seen}, wanted ${wanted}`;
}
