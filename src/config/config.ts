import type { Become, Target } from '../core/host.ts';
import type { Problem, Where } from '../core/problem.ts';
import type { Secret } from '../core/secret.ts';

/** What the operator's files say, merged by Ansible's rules and frozen all through. */
export interface Config {
  /** The inventory file that was read; absolute. */
  readonly inventoryFile: string;
  /** Whether the inventory has the group `[litellm]`. */
  readonly groupDefined: boolean;
  /** The group's hosts, or those of `--limit`, in the inventory's order. */
  readonly hosts: readonly HostConfig[];
  /** Every host of the inventory, for those who look for candidates. */
  readonly allHosts: readonly string[];
  /** Where the group has no host yet: what each host of the inventory would get if it joined. Empty otherwise. */
  readonly candidates: readonly CandidateHost[];
  /** Files that were read, absolute, in order; the evidence hashes them. */
  readonly files: readonly string[];
  /** What is questionable but no reason to stop. */
  readonly warnings: readonly Problem[];
}

/** One host of the group: how to reach it, and what is wanted there. */
export interface HostConfig {
  readonly target: Target;
  readonly settings: Settings;
  /** Where each `litellm_*` variable got its value. */
  readonly origins: Readonly<Record<string, Where>>;
}

/** A host that could join the group. */
export interface CandidateHost {
  readonly name: string;
  readonly settings: Settings;
  readonly origins: Readonly<Record<string, Where>>;
}

/** The variables of the guide with their defaults applied; `undefined` where nothing is defined yet. */
export interface Settings {
  readonly models: readonly Model[] | undefined;
  readonly backends: readonly Backend[] | undefined;
  readonly masterKey: MasterKey;
  readonly port: number;
  readonly listen: string;
  readonly user: string;
  readonly group: string;
  readonly routingStrategy: string;
  readonly configDir: string;
  readonly installDir: string;
  readonly serviceManager: 'systemd' | 'process';
  /** Absolute path before every path on the host, or empty. */
  readonly prefix: string;
  readonly requireDomainJoin: boolean;
}

/** One entry of `litellm_models`. */
export interface Model {
  /** The alias that clients ask for. */
  readonly name: string;
  readonly provider: 'ollama';
  /** The model's name in Ollama. */
  readonly model: string;
  /** URLs of the backends that serve it; `undefined`: all. */
  readonly backends: readonly string[] | undefined;
  readonly numCtx: number | undefined;
  /** As Ollama takes it: seconds, or a Go duration. */
  readonly keepAlive: number | string | undefined;
  /** Further Ollama options, passed on as they are. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly mode: 'chat' | 'embedding';
}

/** One entry of `litellm_backends`. */
export interface Backend {
  /** Without a trailing slash. */
  readonly url: string;
  readonly numParallel: number | undefined;
}

/** The master key, as far as it could be read. */
export type MasterKey =
  | { readonly state: 'absent' }
  /** It may be in an encrypted file that was not opened, because no password was given. */
  | { readonly state: 'locked'; readonly file: string }
  | { readonly state: 'set'; readonly key: Secret; readonly where: Where };

/** Where everything is on a host, the prefix included. */
export interface HostPaths {
  readonly configDir: string;
  readonly configFile: string;
  readonly envFile: string;
  readonly installDir: string;
  /** Says that hxllm made the install folder. */
  readonly marker: string;
  readonly releases: string;
  readonly runtimes: string;
  /** The link to the release in use. */
  readonly current: string;
  readonly serviceUnit: string;
  readonly socketUnit: string;
  /** Of the service manager `process` alone. */
  readonly pidFile: string;
  readonly logFile: string;
}

/** Every path that hxllm touches on a host. */
export function pathsOf(settings: Settings): HostPaths {
  const [configDir, installDir] = [
    `${settings.prefix}${settings.configDir}`,
    `${settings.prefix}${settings.installDir}`,
  ];
  return {
    configDir,
    configFile: `${configDir}/config.yaml`,
    envFile: `${configDir}/litellm.env`,
    installDir,
    marker: `${installDir}/.hxllm`,
    releases: `${installDir}/releases`,
    runtimes: `${installDir}/runtimes`,
    current: `${installDir}/current`,
    serviceUnit: `${settings.prefix}/etc/systemd/system/litellm.service`,
    socketUnit: `${settings.prefix}/etc/systemd/system/litellm.socket`,
    pidFile: `${settings.prefix}/run/litellm.pid`,
    logFile: `${settings.prefix}/var/log/litellm.log`,
  };
}

/** As whom things are done on a host with these settings. */
export function becomeOf({ serviceManager }: Settings): Become {
  return serviceManager === 'process' ? 'none' : 'sudo';
}
