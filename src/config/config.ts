import { STATE_DIR } from '../core/state-dir.ts';
import type { Become } from '../core/become.ts';
import type { Target } from '../core/host.ts';
import type { Problem, Where } from '../core/problem.ts';
import type { Secret } from '../core/secret.ts';
import { STATE_FILES, STATE_FOLDERS } from '../core/state-files.ts';
import type { SmokeLimits } from '../core/smoke-limits.ts';
import type { OperatorTemplates } from '../core/template-name.ts';
import type { ClientKey, EndUsers, Team } from './client-key.ts';
import type { AuthorityFile, TlsSettings } from './trust-settings.ts';

export type * from './client-key.ts';

/** The configuration of all hosts: the operator's files, merged by Ansible's rules and deeply frozen. */
export interface Config {
  /** The sources of the inventory, in order: absolute paths, and lists of hosts as typed. */
  readonly inventories: readonly string[];
  /** The inventory file that `inventory` adds to; absolute. */
  readonly inventoryFile: string;
  /** The folder whose `group_vars` hold new variables; absolute. */
  readonly variablesFolder: string;
  /** Whether the inventory has the group `[litellm]`. */
  readonly groupDefined: boolean;
  /** The hosts of the group, or those of `--limit`, in the inventory's order. */
  readonly hosts: readonly HostConfig[];
  /** All hosts of the inventory. */
  readonly allHosts: readonly string[];
  /** If the group has no host yet: the settings that each host of the inventory would get in it. Otherwise empty. */
  readonly candidates: readonly CandidateHost[];
  /** The hosts of the group `[ollama]`; only if they were requested, and the group exists. */
  readonly servers?: readonly ServerHost[];
  /** `forks` of ansible.cfg: how many hosts are worked on at once. */
  readonly forks?: number | undefined;
  /** Absolute paths of the files that were read, in order. The evidence has their hashes. */
  readonly files: readonly string[];
  /** Findings that are no errors. */
  readonly warnings: readonly Problem[];
}

/** One host of the group: its connection and its settings. */
export interface HostConfig {
  readonly target: Target;
  /** The way to root; `none` for the service manager `process`. */
  readonly become: Become;
  readonly settings: Settings;
  /** The origin of each `litellm_*` variable. */
  readonly origins: Readonly<Record<string, Where>>;
}

/** A host of the group `[ollama]`, which runs Ollama servers. */
export interface ServerHost {
  readonly target: Target;
  readonly become: Become;
}

/** A host that could join the group. */
export interface CandidateHost {
  readonly name: string;
  readonly settings: Settings;
  readonly origins: Readonly<Record<string, Where>>;
}

/** The documented variables with their defaults; `undefined` if a variable is not defined yet. */
export interface Settings {
  readonly models: readonly Model[] | undefined;
  readonly backends: readonly Backend[] | undefined;
  readonly masterKey: MasterKey;
  readonly keys: readonly ClientKey[];
  readonly teams: readonly Team[];
  /** `undefined`: nothing is said of them. */
  readonly endUsers?: EndUsers;
  readonly port: number;
  readonly listen: string;
  readonly user: string;
  readonly group: string;
  readonly routingStrategy: string;
  /** How long a replaced instance lets running responses continue. */
  readonly drainTimeoutS: number;
  /** How long a new instance has to live before it takes over. */
  readonly gateSoakS: number;
  /** The alias that a new instance has to answer for before it takes over, where its model is in memory. */
  readonly gateModel: string | undefined;
  readonly configDir: string;
  readonly installDir: string;
  readonly serviceManager: 'systemd' | 'process';
  /** Absolute path in front of every path on the host, or empty. */
  readonly prefix: string;
  /** Whether the gateway may reach its backends and resolvers alone. */
  readonly restrictEgress?: boolean;
  readonly requireDomainJoin: boolean;
  /** The group of the administrators, as the host resolves it. */
  readonly adminGroup: string | undefined;
  /** The templates of `litellm_templates_dir`. */
  readonly templates?: OperatorTemplates;
  /** The authorities of `litellm_ca_file`, which the gateway trusts beside those of Node and of the host. */
  readonly authorities: AuthorityFile | undefined;
  /** The path of the SSH key that signs evidence, as written. */
  readonly evidenceSigningKey?: string;
  readonly smokeLimits: SmokeLimits;
  /** Absent: the gateway speaks plain HTTP. */
  readonly tls?: TlsSettings | undefined;
}

/** One entry of `litellm_models`. */
export interface Model {
  /** The alias in clients' requests. */
  readonly name: string;
  readonly provider: 'ollama';
  /** The model's name in Ollama. */
  readonly model: string;
  /** URLs of the backends that serve it. `undefined`: all backends. */
  readonly backends: readonly string[] | undefined;
  readonly numCtx: number | undefined;
  /** Ollama's format: seconds or a Go duration. */
  readonly keepAlive: number | string | undefined;
  /** Further Ollama options, passed on unchanged. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly mode: 'chat' | 'embedding';
  /** Groups of models that keys may name. */
  readonly accessGroups?: readonly string[];
}

/** One entry of `litellm_backends`. */
export interface Backend {
  /** Without a trailing slash. */
  readonly url: string;
  readonly numParallel: number | undefined;
  /** Models that it holds at once, if stated. */
  readonly maxLoadedModels?: number;
}

/** The master key, or the reason why it is unknown. */
export type MasterKey =
  | { readonly state: 'absent' }
  /** It may be in an encrypted file, for which no password was given. */
  | { readonly state: 'locked'; readonly file: string }
  | {
      readonly state: 'set';
      readonly key: Secret;
      readonly where: Where;
      /** The key before a rotation: it works until it is taken out. */
      readonly previous?: Secret;
      /** A key that must not work any more. No host gets it. */
      readonly revoked?: Secret;
    };

/** The paths of hxllm on a host, with the prefix. */
export interface HostPaths {
  readonly configDir: string;
  readonly configFile: string;
  readonly envFile: string;
  /** The certificates of `litellm_ca_file`; only where the variable is defined. */
  readonly caFile: string;
  /** The certificate and key of `litellm_tls_cert` and `litellm_tls_key`, where they are sent. */
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  readonly installDir: string;
  /** Marks the install folder as created by hxllm. */
  readonly marker: string;
  readonly releases: string;
  readonly runtimes: string;
  /** A folder for each deployment, named by its number. */
  readonly deployments: string;
  /** The link to the active release. */
  readonly current: string;
  /** The JSON Schema of config.yaml, in the release in use. */
  readonly configSchema: string;
  /** The folder for what the gateway has to know after a restart: the `StateDirectory=` of the unit. */
  readonly stateDir: string;
  /** The gateway's own file in it. */
  readonly stateFiles: readonly string[];
  readonly serviceUnit: string;
  readonly socketUnit: string;
  /** The log of all changes with their operators; only where systemd manages the service. Uninstall keeps it. */
  readonly auditLog: string;
  /** The template unit of the gateway's instances, and the unit that is started when one has failed for good. */
  readonly instanceUnit: string;
  readonly failedUnit: string;
  /** The generator that applies drop-ins of litellm.service to the instances. */
  readonly dropInGenerator: string;
  /** The folder with the link to the instance in use. */
  readonly instanceLinks: string;
  /** Only for the service manager `process`. */
  readonly pidFile: string;
  readonly logFile: string;
}

/** The paths that hxllm uses on a host with these settings. */
export function pathsOf(settings: Settings): HostPaths {
  const configDir = `${settings.prefix}${settings.configDir}`;
  const installDir = `${settings.prefix}${settings.installDir}`;
  return {
    configDir,
    configFile: `${configDir}/config.yaml`,
    envFile: `${configDir}/litellm.env`,
    caFile: `${configDir}/ca.pem`,
    tlsCertFile: `${configDir}/tls-cert.pem`,
    tlsKeyFile: `${configDir}/tls-key.pem`,
    installDir,
    marker: `${installDir}/.hxllm`,
    releases: `${installDir}/releases`,
    runtimes: `${installDir}/runtimes`,
    deployments: `${installDir}/deployments`,
    current: `${installDir}/current`,
    configSchema: `${installDir}/current/config.schema.json`,
    stateDir: `${settings.prefix}${STATE_DIR}`,
    stateFiles: [...STATE_FILES, ...STATE_FOLDERS].map((name) => `${settings.prefix}${STATE_DIR}/${name}`),
    serviceUnit: `${settings.prefix}/etc/systemd/system/litellm.service`,
    socketUnit: `${settings.prefix}/etc/systemd/system/litellm.socket`,
    auditLog: `${settings.prefix}/var/log/litellm/audit.log`,
    instanceUnit: `${settings.prefix}/etc/systemd/system/litellm@.service`,
    failedUnit: `${settings.prefix}/etc/systemd/system/litellm-failed@.service`,
    dropInGenerator: `${settings.prefix}/etc/systemd/system-generators/litellm-drop-ins`,
    instanceLinks: `${settings.prefix}/etc/systemd/system/litellm.service.wants`,
    pidFile: `${settings.prefix}/run/litellm.pid`,
    logFile: `${settings.prefix}/var/log/litellm.log`,
  };
}

/** The folders of a deployment that sets no other ones. Markers of older versions do not name the folders before a move. */
export function defaultFolders({ prefix }: Settings): readonly string[] {
  return [`${prefix}/etc/litellm`, `${prefix}/opt/litellm`, `${prefix}${STATE_DIR}`];
}
