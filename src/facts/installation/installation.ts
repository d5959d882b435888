/** What is on a host in the places where hxllm installs. */
export interface Installation {
  /** `undefined`: there is no such user. */
  readonly user: { readonly gecos: string; readonly group: string } | undefined;
  readonly groupExists: boolean;
  /** By path: of every path that was asked for, those that exist. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** What hxllm noted in its marker; `undefined` where there is none. */
  readonly notes: Notes | undefined;
  /** The release that `current` leads to. */
  readonly current: string | undefined;
  /** Files of each release, `<id>/<name>`, with their SHA-256. */
  readonly releases: ReadonlyMap<string, string>;
  readonly runtimes: readonly InstalledRuntime[];
  /** Scripts that put back what take-overs replaced. */
  readonly backups: readonly string[];
  /** `undefined` where systemd does not run the host, or was not asked. */
  readonly service: UnitState | undefined;
  readonly socket: UnitState | undefined;
  /** Of the service manager `process`: the process that the pid file names, and whether it is ours and lives. */
  readonly daemon: { readonly pid: number; readonly alive: boolean } | undefined;
}

/** A file, folder or link. */
export interface Entry {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** Of files. */
  readonly sha256: string | undefined;
  readonly marked: boolean;
  /** Of files that may be shown. */
  readonly text: string | undefined;
}

/** What hxllm keeps in its marker: what it made beside marked files, and what was confirmed to run. */
export interface Notes {
  /** Folders, groups and users that were not there before: `folder /etc/litellm`, `group litellm`, `user litellm`; and what a folder was that was there: `access 755 root:root /etc/litellm`. */
  readonly made: readonly string[];
  /** The fingerprint of files and release that last passed the health check; `undefined`: none since something changed. */
  readonly confirmed: string | undefined;
}

/** A runtime on the host. */
export interface InstalledRuntime {
  /** The folder's name. */
  readonly name: string;
  /** As it was measured when it was put there. */
  readonly sha256: string;
  /** Whether the file still has the size and time it had then, or else still has the hash. */
  readonly intact: boolean;
}

/** What systemd says of a unit. */
export interface UnitState {
  readonly load: string;
  readonly active: string;
  /** `enabled`, `disabled` …; empty where there is no unit file. */
  readonly enabled: string;
  readonly fragment: string;
  readonly needsReload: boolean;
}
