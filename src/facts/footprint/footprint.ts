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
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** Names of hxllm's things in it: marked files, and beside a marker also releases and runtimes. */
  readonly ours: readonly string[];
  /** The line `listen:` of hxllm's config.yaml in it; empty without one. */
  readonly listen: string;
  /** For the folders of the settings: the faults of the folders above it, such as `/srv/data belongs to alice`. */
  readonly unsafeAbove: readonly string[];
  /** Names of all things in it, at most 200. */
  readonly names: readonly string[];
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
 * The notes of all markers together. Without any marker, hxllm's unit and its user stand for a lost one: the folders count as
 * created, and so does the group if no other user has it.
 */
export function allNotes(footprint: Footprint): Pick<Notes, 'made' | 'used'> {
  const all = [...footprint.markers.values()];
  const { unit } = footprint;
  if (all.length === 0 && unit !== undefined) return assumedNotes(unit, footprint);
  return {
    made: [...new Set(all.flatMap((notes) => notes.made))],
    used: [...new Set(all.flatMap((notes) => notes.used))],
  };
}

function assumedNotes(unit: ServedFrom, { users, groups }: Footprint): Pick<Notes, 'made' | 'used'> {
  const { configDir, installDir, user, group } = unit;
  const others = groups.get(group)?.primaryOf.filter((name) => name !== user) ?? [];
  const isOwn = users.get(user)?.gecos === USER_GECOS && others.length === 0;
  return {
    made: [...(isOwn ? [`group ${group}`] : []), `folder ${configDir}`, `folder ${installDir}`],
    used: [`config-dir ${configDir}`, `install-dir ${installDir}`, `user ${user}`, `group ${group}`],
  };
}
