import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The default port of a demo. */
export const DEFAULT_PORT = 4000;

/** The files of one demo, all below `.demo`. */
export interface DemoPaths {
  readonly folder: string;
  readonly ansibleCfg: string;
  readonly inventory: string;
  readonly variables: string;
  readonly vault: string;
  readonly vaultPassword: string;
  /** A file with only the key, for `$(cat …)`. */
  readonly masterKey: string;
  /** `litellm_prefix`: replaces the root of the host. */
  readonly prefix: string;
  readonly gatewayPid: string;
  readonly gatewayLog: string;
  /** The process of a demo that is being set up or waits for Ctrl-C. */
  readonly demoPid: string;
  /** The addresses of the simulated backends, kept so that a second demo has the same configuration. */
  readonly simAddresses: string;
}

/** The paths of the demo on a port: `.demo` for 4000, a subfolder for each other port. */
export function pathsFor(cwd: string, port: number): DemoPaths {
  return pathsIn(port === DEFAULT_PORT ? join(cwd, '.demo') : join(cwd, '.demo', `port-${String(port)}`));
}

/** The paths of every demo that was ever started in this folder. */
export function allPaths(cwd: string): readonly DemoPaths[] {
  const folder = join(cwd, '.demo');
  const others = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^port-\d+$/.test(name))
        .toSorted()
    : [];
  return [folder, ...others.map((name) => join(folder, name))].map(pathsIn);
}

function pathsIn(folder: string): DemoPaths {
  const [inventories, prefix] = [join(folder, 'inventories'), join(folder, 'host')];
  return {
    folder,
    ansibleCfg: join(folder, 'ansible.cfg'),
    inventory: join(inventories, 'dev.ini'),
    variables: join(inventories, 'group_vars/all/main.yml'),
    vault: join(inventories, 'group_vars/all/vault.yml'),
    vaultPassword: join(folder, 'vault-password'),
    masterKey: join(folder, 'master-key'),
    prefix,
    gatewayPid: join(prefix, 'run/litellm.pid'),
    gatewayLog: join(prefix, 'var/log/litellm.log'),
    demoPid: join(folder, 'demo.pid'),
    simAddresses: join(folder, 'sims.json'),
  };
}

/** The pid file and the log of a simulated backend, counted from 1. */
export function simPaths({ folder }: DemoPaths, number: number): { readonly pid: string; readonly log: string } {
  return { pid: join(folder, `sim-${String(number)}.pid`), log: join(folder, `sim-${String(number)}.log`) };
}
