import type { SshPrompts } from './ssh/prompts.ts';

/** The local user. `home` has the keys, known_hosts and ssh_config; the environment names the agent. */
export interface LocalUser {
  readonly home: string;
  readonly userName: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Passphrases and a server's questions; undefined without a terminal. */
  readonly prompts?: SshPrompts | undefined;
  /** The user's command line with `--transport openssh`, for messages. */
  readonly withOpenSsh?: string | undefined;
}

/**
 * The environment for local programs. Node's pipes are sockets, and a first-level bash that reads from a socket
 * believes that rshd started it and runs .bashrc. SHLVL tells it that it is not the first level.
 */
export function childEnvironment(environment: LocalUser['environment']): Readonly<Record<string, string | undefined>> {
  return { SHLVL: '1', ...environment };
}
