/** Who connects: their keys, known_hosts and ssh_config lie in `home`, their agent is named by the environment. */
export interface LocalUser {
  readonly home: string;
  readonly userName: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The environment that programs started here get. Node's pipes are sockets, and a first-level bash that reads from one
 * takes itself for rshd's and runs .bashrc; so it is told that it is not the first.
 */
export function childEnvironment(environment: LocalUser['environment']): Readonly<Record<string, string | undefined>> {
  return { SHLVL: '1', ...environment };
}
