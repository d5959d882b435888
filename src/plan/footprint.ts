import { STATE_FILES, STATE_FOLDERS } from '../core/state-files.ts';
import { USER_GECOS } from '../core/mark.ts';
import { allNotes, type FolderState, type Footprint } from '../facts/footprint/footprint.ts';
import { recordFile } from '../facts/host-record.ts';
import { noted } from '../facts/installation/notes.ts';
import { accessBefore } from './former-access.ts';
import { modeText } from './mode.ts';
import type { Action } from './plan.ts';

/** The things of hxllm on a host that are to go: files, trees, folders, and how folders that stay are given back. */
export interface Removal {
  readonly files: readonly string[];
  readonly trees: readonly string[];
  readonly markers: readonly string[];
  /** Folders that hxllm created and that are empty afterwards, the innermost first. */
  readonly folders: readonly string[];
  /** Owner and mode of folders that stay: the former ones, or root's. */
  readonly access: readonly Extract<Action, { kind: 'folder' }>[];
  /** Folders of hxllm that stay, with the names of others in them that keep them. */
  readonly staying: ReadonlyMap<string, readonly string[]>;
}

/** The parts of the footprint that stay because the settings name them. */
export interface Kept {
  /** Whether the folders of the settings stay. */
  readonly current: boolean;
  /** Folders that are still needed, parents included. */
  readonly needed: ReadonlySet<string>;
  /** Names of files of the current folders that the settings do not ask for any more. */
  readonly unwanted: ReadonlySet<string>;
  /** Further files that go. */
  readonly alsoGone: readonly string[];
  /** Whether hxllm's folders belong to root: a folder that stays is given back to root then. */
  readonly managed: boolean;
}

// mkfs.ext4 makes it in every new file system; it is nobody's file.
const OF_FILE_SYSTEM = 'lost+found';
const TREES = new Set(['deployments', 'releases', 'runtimes', '.previous', ...STATE_FOLDERS]);
const MARKERS = new Set(['.hxllm', '.hxllm-record']);
const STAGED = '.hxllm-new';
/** The names of the files and folders of the state: it stays while hxllm does. */
export const STATE_NAMES: ReadonlySet<string> = new Set([...STATE_FILES, ...STATE_FOLDERS]);
const CONFIG_FILES = new Set(['config.yaml', 'litellm.env', 'ca.pem', 'tls-cert.pem', 'tls-key.pem']);
const FILES = new Set([...CONFIG_FILES, 'current', ...STATE_FILES]);

/** Finds everything of hxllm that does not stay. */
export function removalOf(footprint: Footprint, kept: Kept): Removal {
  const { made } = allNotes(footprint);
  const isMade = new Set(noted(made, 'folder'));
  const before = accessBefore(made);
  // Innermost first, so that a folder knows which of its folders go.
  const folders = [...footprint.folders]
    .filter(([, state]) => state.kind === 'folder')
    .toSorted(([a], [b]) => b.length - a.length);
  const own = ownFolders(footprint);
  const removed = folders.flatMap(([path, state]) =>
    [...state.ours, ...stagedIn(state)]
      .filter((name) => goes(placeOf(name), state, kept))
      .map((name) => `${path}/${name}`)
      .filter((each) => !kept.alsoGone.includes(each))
      // A former folder may hold the one that replaces it.
      .filter((each) => ![...kept.needed].some((needed) => isWithin(needed, each))),
  );
  const going = new Set<string>([
    ...kept.alsoGone,
    ...removed,
    ...folders.map(([path]) => `${path}/${OF_FILE_SYSTEM}`),
  ]);
  const emptied: string[] = [];
  // Folders that stay, so that their parents need no other reason to.
  const named = new Set<string>();
  const access: Extract<Action, { kind: 'folder' }>[] = [];
  const staying = new Map<string, readonly string[]>();
  for (const [path, state] of folders.filter(([each]) => !removed.some((tree) => isWithin(each, tree)))) {
    if (kept.needed.has(path) || (kept.current && (state.isConfigDir || state.isInstallDir))) continue;
    const left = state.names.filter((name) => !going.has(`${path}/${name}`));
    if (isMade.has(path) && left.length === 0 && !state.isMountPoint && !state.isLink) {
      going.add(path);
      emptied.push(path);
    } else {
      const others = left.filter((name) => !named.has(`${path}/${name}`));
      // A folder that is older than hxllm, and that hxllm has no file in, is not hxllm's to speak of.
      if (others.length > 0 && own.has(path) && (isMade.has(path) || state.ours.length > 0)) staying.set(path, others);
      named.add(path);
      const back =
        before.get(path) ??
        (kept.managed && isMade.has(path) ? { owner: 'root', group: 'root', mode: state.mode } : undefined);
      if (back !== undefined && (back.owner !== state.owner || back.group !== state.group || back.mode !== state.mode))
        access.push({ kind: 'folder', path, ...back, orRoot: true });
    }
  }
  const among = (names: ReadonlySet<string>): readonly string[] =>
    removed.filter((path) => names.has(placeOf(nameOf(path))));
  return {
    files: among(FILES),
    trees: among(TREES),
    markers: among(MARKERS),
    folders: emptied,
    access,
    staying,
  };
}

// Files that a switch wrote beside their places before a power cut; one may have a master key.
function stagedIn({ names }: FolderState): readonly string[] {
  return names.filter((name) => name.endsWith(STAGED) && (FILES.has(placeOf(name)) || MARKERS.has(placeOf(name))));
}

/** The name of a file, also of one that is written beside its place. */
function placeOf(name: string): string {
  return name.endsWith(STAGED) ? name.slice(0, -STAGED.length) : name;
}

// The folders that a deployment had for itself, without the parents that it created.
function ownFolders(footprint: Footprint): ReadonlySet<string> {
  const { used } = allNotes(footprint);
  const holding = [...footprint.folders]
    .filter(([, { ours, isStateDir }]) => ours.length > 0 || isStateDir)
    .map(([path]) => path);
  return new Set([...noted(used, 'config-dir'), ...noted(used, 'install-dir'), ...holding]);
}

function goes(name: string, { isConfigDir, isInstallDir }: FolderState, { current, unwanted }: Kept): boolean {
  if (unwanted.has(name)) return true;
  if (STATE_NAMES.has(name)) return !current;
  const role = CONFIG_FILES.has(name) ? isConfigDir : isInstallDir;
  return !(current && role);
}

/** A user or group that is to go, and the actions; or the reasons why it stays. */
export interface AccountRemoval {
  readonly kind: 'user' | 'group';
  readonly name: string;
  /** Files that keep it. */
  readonly owns: readonly string[];
  /** For a group: users who keep it, since it is their primary one. */
  readonly primaryOf: readonly string[];
  readonly actions: readonly Action[];
}

/**
 * Finds the users and groups that hxllm created and that are not in `current`. An account that owns a file beyond `gone` stays:
 * the next account would get its number, and read the file.
 */
export function accountRemovals(
  footprint: Footprint,
  current: { readonly user: string | undefined; readonly group: string | undefined },
  gone: (path: string) => boolean,
): readonly AccountRemoval[] {
  const { made } = allNotes(footprint);
  const searched = [...footprint.folders]
    .filter(([, { ours, isStateDir }]) => ours.length > 0 || isStateDir)
    .map(([path]) => path);
  const users = [...footprint.users]
    .filter(([name, { gecos }]) => name !== current.user && gecos === USER_GECOS)
    .map(([name, { owns }]): AccountRemoval => ({
      kind: 'user',
      name,
      owns: owns.filter((path) => !gone(path)),
      primaryOf: [],
      actions: [{ kind: 'command', argv: ['sh', '-c', REMOVE_USER, 'hxllm', name, USER_GECOS, ...searched] }],
    }));
  const goingUsers = new Set(users.filter(goesAway).map(({ name }) => name));
  const groups = noted(made, 'group')
    .filter((name) => name !== current.group && footprint.groups.has(name))
    .map((name): AccountRemoval => {
      const { owns = [], primaryOf = [] } = footprint.groups.get(name) ?? {};
      // enforce gives its own user the new primary group before the old one goes.
      const members = primaryOf.filter((user) => !goingUsers.has(user) && user !== current.user);
      return {
        kind: 'group',
        name,
        owns: owns.filter((path) => !gone(path)),
        primaryOf: members,
        actions: [{ kind: 'command', argv: ['sh', '-c', REMOVE_GROUP, 'hxllm', name, ...searched] }],
      };
    });
  return [...users, ...groups];
}

/** Whether nothing keeps a user or group. */
export function goesAway({ owns, primaryOf }: AccountRemoval): boolean {
  return owns.length === 0 && primaryOf.length === 0;
}

const SEARCH = `owns() { name=$1 flag=$2 id=$3; shift 3
  for each; do
    [ ! -d "$each" ] || found=$(find -H "$each" -xdev "$flag" "$id" -print -quit 2> /dev/null)
    [ -z "$found" ] || { echo "$name still owns $found"; return 0; }
  done
  return 1
}
found=`;

// The user may have been changed or removed since then. userdel removes a group of the same name with its user where login.defs
// says so, also one that still owns files; a user whose primary group is another one takes none along.
const REMOVE_USER = `${SEARCH}
user=$1 gecos=$2; shift 2
entry=$(getent passwd "$user") || exit 0
[ "$(printf %s "$entry" | cut -d: -f5)" = "$gecos" ] || exit 0
! owns "the user $user" -uid "$(printf %s "$entry" | cut -d: -f3)" "$@" || exit 1
other=$(id -g nobody 2> /dev/null) && usermod -g "$other" "$user"
userdel "$user"`;

const REMOVE_GROUP = `${SEARCH}
group=$1; shift
entry=$(getent group "$group") || exit 0
! owns "the group $group" -gid "$(printf %s "$entry" | cut -d: -f3)" "$@" || exit 1
groupdel "$group"`;

/** A folder's access in words. */
export function accessText({ path, owner, group, mode }: Extract<Action, { kind: 'folder' }>): string {
  return `${path}: ${owner ?? '-'}:${group ?? '-'} ${modeText(mode)}`;
}

/** Markers with the record of runs beside each, which the script of this run may create. */
export function withRecords(markers: readonly string[]): readonly string[] {
  return [
    ...new Set(
      markers.flatMap((path) =>
        nameOf(path) === '.hxllm' ? [path, recordFile(path.replace(/\/[^/]+$/, ''))] : [path],
      ),
    ),
  ];
}

/** Whether a path goes with a removal. */
export function isRemoved({ files, trees, markers, folders }: Removal, path: string): boolean {
  return [...files, ...markers, ...folders].includes(path) || trees.some((tree) => isWithin(path, tree));
}

/** Whether no account of hxllm owns a path after a removal: it is gone, or given back. */
export function isGone(removal: Removal, path: string): boolean {
  return isRemoved(removal, path) || removal.access.some((each) => each.path === path);
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
