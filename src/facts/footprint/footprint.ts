import { USER_GECOS } from '../../core/mark.ts';
import type { Notes } from '../installation/installation.ts';

/** The folders, users and groups that hxllm has on a host, those of former configurations included. */
export interface Footprint {
  /** The notes of each marker, by its folder. A change of `litellm_install_dir` leaves two until the switch has ended. */
  readonly markers: ReadonlyMap<string, Notes>;
  /** The names in hxllm's own litellm.service; `undefined` without that unit. */
  readonly unit: ServedFrom | undefined;
  /** Every folder that the settings, the unit or a marker name, by path. */
  readonly folders: ReadonlyMap<string, FolderState>;
  /** The existing ones of all noted users; empty without systemd. */
  readonly users: ReadonlyMap<string, UserState>;
  readonly groups: ReadonlyMap<string, GroupState>;
}

/** The folders and accounts of the running service. */
export interface ServedFrom {
  readonly configDir: string;
  readonly installDir: string;
  readonly user: string;
  readonly group: string;
}

/** A folder that hxllm has, had, or is to have. */
export interface FolderState {
  readonly kind: 'folder' | 'missing' | 'dangling-link' | 'other';
  readonly isLink: boolean;
  readonly isMountPoint: boolean;
  /** Whether it is `litellm_config_dir`, also through a link or a second mount. */
  readonly isConfigDir: boolean;
  /** The same for `litellm_install_dir`. */
  readonly isInstallDir: boolean;
  /** Whether it is the folder of the gateway's state, by its path. */
  readonly isStateDir: boolean;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** Names of hxllm's things in it: marked files, beside a marker also releases and runtimes, and the files of the gateway's state. */
  readonly ours: readonly string[];
  /** The line `listen:` of hxllm's config.yaml in it; empty without one. */
  readonly listen: string;
  /** For the folders of the settings: the faults of the folders above it, such as `/srv/data belongs to alice`. */
  readonly unsafeAbove: readonly string[];
  /** Names of all things in it, at most 200. */
  readonly names: readonly string[];
  /** For the folders of the settings: the folders above it that the account of the service may not enter, in words. */
  readonly closedAbove: readonly string[];
  /** For the folders of the settings: the path without links. */
  readonly place: string;
}

/** A user that hxllm has or had. */
export interface UserState {
  readonly uid: number;
  readonly gid: number;
  readonly gecos: string;
  /** Files of the user below hxllm's folders and copies, at most 20. */
  readonly owns: readonly string[];
}

/** A group that hxllm has or had. */
export interface GroupState {
  readonly gid: number;
  /** Users who have it as their primary group. */
  readonly primaryOf: readonly string[];
  readonly owns: readonly string[];
}

/**
 * The notes of all markers together. Without any marker, hxllm's unit, its marked files and its user stand for a lost one: the
 * folders count as created, and so does the group if no other user has it. The state folder counts as created with a marker too
 * if hxllm's own user owns it: a marker that replaced a lost one may not note it.
 */
export function allNotes(footprint: Footprint): Pick<Notes, 'made' | 'used'> {
  const all = [...footprint.markers.values()];
  const { made, used } =
    all.length === 0
      ? assumedNotes(footprint)
      : { made: all.flatMap((notes) => notes.made), used: all.flatMap((notes) => notes.used) };
  return { made: unique([...made, ...stateFolders(footprint, made)]), used: unique(used) };
}

// systemd and enforce both make it, and it holds no marked file: its owner is what tells that it is hxllm's.
function stateFolders(footprint: Footprint, made: readonly string[]): readonly string[] {
  const { markers, unit, folders, users } = footprint;
  const isLost =
    markers.size === 0 && (unit !== undefined || [...folders.values()].some(({ ours }) => ours.length > 0));
  return [...folders]
    .filter(([, { isStateDir, kind }]) => isStateDir && kind === 'folder')
    .filter(([, { owner }]) => isLost || users.get(owner)?.gecos === USER_GECOS)
    .filter(([path]) => !made.some((thing) => thing.startsWith('access ') && thing.endsWith(` ${path}`)))
    .map(([path]) => `folder ${path}`);
}

function assumedNotes({ unit, folders, users, groups }: Footprint): Pick<Notes, 'made' | 'used'> {
  const holding = [...folders].filter(([, { ours }]) => ours.length > 0);
  const configDirs = [
    ...(unit === undefined ? [] : [unit.configDir]),
    ...holding.filter(([, { isConfigDir }]) => isConfigDir).map(([path]) => path),
  ];
  const installDirs = [
    ...(unit === undefined ? [] : [unit.installDir]),
    ...holding.filter(([, { isInstallDir }]) => isInstallDir).map(([path]) => path),
  ];
  const own = [...users].filter(([, { gecos }]) => gecos === USER_GECOS).map(([name]) => name);
  const ownGroups = [...groups]
    .filter(([name, { primaryOf }]) =>
      unit === undefined
        ? primaryOf.length > 0 && primaryOf.every((user) => own.includes(user))
        : name === unit.group && own.includes(unit.user) && primaryOf.every((user) => user === unit.user),
    )
    .map(([name]) => name);
  return {
    made: unique([
      ...ownGroups.map((name) => `group ${name}`),
      ...[...configDirs, ...installDirs].map((path) => `folder ${path}`),
    ]),
    used: unique([
      ...configDirs.map((path) => `config-dir ${path}`),
      ...installDirs.map((path) => `install-dir ${path}`),
      ...(unit === undefined ? own : [unit.user]).map((name) => `user ${name}`),
      ...(unit === undefined ? ownGroups : [unit.group]).map((name) => `group ${name}`),
    ]),
  };
}

function unique(things: readonly string[]): readonly string[] {
  return [...new Set(things)];
}
