import type { Result } from './problem.ts';
import type { Secret } from './secret.ts';

/** How a host is reached, as the inventory says; everything that a connection needs and nothing else. */
export interface Target {
  /** The inventory's name, which is how people call it. */
  readonly name: string;
  /** Name or address to connect to (`ansible_host`, else the name). */
  readonly address: string;
  /** `undefined`: what ssh_config says, else 22. */
  readonly port: number | undefined;
  /** `undefined`: what ssh_config says, else the current user. */
  readonly user: string | undefined;
  readonly connection: 'ssh' | 'local';
  /** Private keys that the inventory or ansible.cfg names, tried first. */
  readonly identityFiles: readonly string[];
  /** `ansible_ssh_common_args` and `ansible_ssh_extra_args`, split into words. */
  readonly sshArguments: readonly string[];
  /** `false` only where ansible.cfg or `ansible_host_key_checking` says so: any host key is accepted. */
  readonly hostKeyChecking: boolean;
  readonly connectTimeoutMs: number;
  readonly password: Secret | undefined;
}

/** One program with its arguments; never a line for a shell to split. */
export interface Command {
  readonly argv: readonly string[];
  /** What it does, as people call it, in the imperative: what a problem says was going on. */
  readonly title?: string;
  /** What it reads: whole, or streamed (uploads). Secrets and rendered content travel here, never in `argv`. */
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** As whom things are done on a host: `sudo` is root, without sudo where the user is root already; `none` is the user. */
export type Become = 'sudo' | 'none';

/** How a command ended. A non-zero exit code is data, not a Problem. */
export interface CommandResult {
  /** 128 + the signal's number where a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** Limits of one call. */
export interface CallOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** A listening port on this machine's loopback that leads to a port on the host, through the connection. */
export interface Forward {
  readonly port: number;
  close(): Promise<void>;
}

/** A connected host: the one port through which anything is asked of or done to a machine. */
export interface Host {
  readonly name: string;
  /** Where its services are reached from here (`ansible_host`, else the name; `127.0.0.1` for this machine). */
  readonly address: string;
  /** Runs one command. Problems: `host.unreachable`, `host.timeout`, `host.aborted`. */
  run(command: Command, options: CallOptions): Promise<Result<CommandResult>>;
  /** Opens a way to `127.0.0.1:port` as the host sees it. */
  forward(port: number): Promise<Result<Forward>>;
  close(): Promise<void>;
}

/** Connects to a host. Problems: `host.unreachable`, `host.key-unknown`, `host.key-changed`, `host.authentication-failed`, `host.timeout`, `host.aborted`. */
export type Connect = (target: Target, signal: AbortSignal) => Promise<Result<Host>>;
