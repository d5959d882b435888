import type { Build } from '../../core/build.ts';
import type { DeploymentRecord } from '../../core/deployment-record.ts';

/** The state of a host at the paths where hxllm installs. */
export interface Installation {
  /** `undefined`: the user does not exist. */
  readonly user: { readonly gecos: string; readonly group: string } | undefined;
  readonly groupExists: boolean;
  /** The existing ones of the requested paths, by path. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** The content of hxllm's marker; `undefined` without a marker. */
  readonly notes: Notes | undefined;
  /** The release that the link `current` points to. */
  readonly current: string | undefined;
  /** The build of that release; `undefined` if it does not say. */
  readonly build: Build | undefined;
  /** SHA-256 of each release's files, by `<id>/<name>`. */
  readonly releases: ReadonlyMap<string, string>;
  /** The name of the runtime that each release starts, by the release's id; empty if a release is not complete. */
  readonly runtimeOf: ReadonlyMap<string, string>;
  readonly runtimes: readonly InstalledRuntime[];
  /** The gateways that run, also those that only end their requests. */
  readonly instances: readonly RunningInstance[];
  /** The deployments that the host keeps, in order. */
  readonly deployments: readonly KeptDeployment[];
  /** Scripts that restore files which take-overs replaced. */
  readonly backups: readonly string[];
  /** `undefined` if systemd does not manage the host, or the service manager is `process`. */
  readonly service: UnitState | undefined;
  readonly socket: UnitState | undefined;
  /** The units litellm@N.service that systemd knows. */
  readonly instanceUnits: readonly InstanceUnit[];
  /** The number of the instance that a restart or a boot starts; `undefined` where none is enabled. */
  readonly inUse: number | undefined;
  /** Links of `systemctl enable` to hxllm's units whose files are gone. */
  readonly danglingLinks: readonly string[];
  /** For the service manager `process`: the process of the pid file, and whether it runs hxllm's program. */
  readonly daemon: { readonly pid: number; readonly alive: boolean } | undefined;
}

/** A file, folder or link. */
export interface Entry {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** Only for files. */
  readonly sha256: string | undefined;
  readonly marked: boolean;
  /** Only for files of hxllm whose text may be shown. */
  readonly text: string | undefined;
  /** How long ago its content was written, by the clock of the host, s; for messages, and no property of the file. */
  readonly writtenS?: number | undefined;
  /** The same of any change: content, owner, mode, name. */
  readonly changedS?: number | undefined;
}

/** The content of hxllm's marker: things it made beside marked files, and the confirmed state. */
export interface Notes {
  /**
   * Folders, groups and users that hxllm created (`folder /etc/litellm`, `group litellm`, `user litellm`), and the
   * former access of folders that existed (`access 755 root:root /etc/litellm`).
   */
  readonly made: readonly string[];
  /**
   * Every folder, user and group that a deployment ever had: `config-dir /etc/litellm`, `install-dir /opt/litellm`, `user
   * litellm`, `group litellm`. A change of a variable leaves the former ones here.
   */
  readonly used: readonly string[];
  /** The fingerprint of files and release that passed the last health check; `undefined` after a change. */
  readonly confirmed: string | undefined;
  /** The deployment that was confirmed last; older markers do not name it. */
  readonly deployment?: number;
}

/** A process of a runtime of hxllm. */
export interface RunningInstance {
  readonly pid: number;
  /** The name of the runtime's folder. */
  readonly runtime: string;
  /** The deployment in whose folder it was started; `undefined` if it was started by the link `current`. */
  readonly deployment: number | undefined;
}

/** A folder of the host's deployments. */
export interface KeptDeployment {
  readonly number: number;
  /** Whether it has passed its health check. */
  readonly healthy: boolean;
  /** The id of the release that its link leads to. */
  readonly release: string | undefined;
  /** `undefined`: the folder was not finished, or cannot be read. */
  readonly record: DeploymentRecord | undefined;
  /** The format of its record; another one than this hxllm's cannot be read. */
  readonly format: number | undefined;
}

/** A runtime on the host. */
export interface InstalledRuntime {
  /** The name of its folder. */
  readonly name: string;
  /** The hash from its manifest, measured at the upload. */
  readonly sha256: string;
  /** Whether the file has the size and time of the upload, or otherwise the same hash. */
  readonly intact: boolean;
}

/** The unit of an instance, named by the number of its deployment. */
export interface InstanceUnit {
  readonly number: number;
  /** `active`, `activating`, `deactivating`, `failed` or `inactive`. */
  readonly active: string;
  /** The program of its main process; empty without a process. */
  readonly program: string;
  /** The state that the instance tells; it is asked only where several run. */
  readonly state?: 'starting' | 'standby' | 'serving' | 'draining';
}

/** The state of a unit, from systemd. */
export interface UnitState {
  readonly load: string;
  readonly active: string;
  /** `enabled`, `disabled` …; empty without a unit file. */
  readonly enabled: string;
  readonly fragment: string;
  readonly needsReload: boolean;
  /** The program of its main process; empty without a process. */
  readonly program: string;
  /** The active units that systemd stops together with it. */
  readonly followers: readonly string[];
}
