import type { Result } from './problem.ts';
import type { Secret } from './secret.ts';

/** How to connect to a host, from the inventory: everything that a connection needs and nothing else. */
export interface Target {
  /** The host's name in the inventory, as messages show it. */
  readonly name: string;
  /** The name or address to connect to (`ansible_host`, else the name). */
  readonly address: string;
  /** `undefined`: the port of ssh_config, else 22. */
  readonly port: number | undefined;
  /** `undefined`: the user of ssh_config, else the current user. */
  readonly user: string | undefined;
  readonly connection: 'ssh' | 'local';
  /** Private keys that the inventory or ansible.cfg names. They are tried first. */
  readonly identityFiles: readonly string[];
  /** `ansible_ssh_common_args` and `ansible_ssh_extra_args`, split into words. */
  readonly sshArguments: readonly string[];
  /** `false` only if ansible.cfg or `ansible_host_key_checking` says so: an unknown host key is accepted, a changed or revoked one is not. */
  readonly hostKeyChecking: boolean;
  readonly connectTimeoutMs: number;
  readonly password: Secret | undefined;
  /** The command that records the host's key, for messages (default: `hxllm trust` with the name). */
  readonly trust?: string;
}

/** One program with its arguments, never a line that a shell would split. */
export interface Command {
  readonly argv: readonly string[];
  /** The purpose of the command in the imperative, for problems: `take the lock`. */
  readonly title?: string;
  /** The input of the command: a text, or a stream for uploads. Secrets and rendered content travel here, never in `argv`. */
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Receives the output as it comes; the result then has none of it. For commands that run until they are interrupted. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  /**
   * Where an interruption may end the command on a host that is held: `any` (the default) at once, `steps` between its steps, so that
   * it still reports those that it carried out, `whole` never. Other hosts end every command at once.
   */
  readonly breaks?: 'any' | 'steps' | 'whole';
}

/** The end of a command. A non-zero exit code is data, not a Problem. */
export interface CommandResult {
  /** 128 + the signal's number if a signal ended the command. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** The limits of one call. */
export interface CallOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** An address and a port of this machine that lead to a port on the host. */
export interface Forward {
  readonly address: string;
  readonly port: number;
  /** The reason why the host did not make the last connection on its side; absent if the address is the listener's own. */
  readonly refusal?: () => string | undefined;
  close(): Promise<void>;
}

/**
 * The end of a TCP connection from this machine to a port of the host. `refused`: the host answered, and nothing listens. `silent`: no
 * answer in time. `prohibited`: a router or a firewall said no (ICMP). `indirect`: this machine has no way to the host but SSH.
 */
export type PortTrial =
  | {
      readonly state: 'open' | 'refused' | 'silent' | 'prohibited';
      /** The address that was tried; empty if the name did not resolve. */
      readonly address: string;
      /** The error of the system, or the time that was waited. */
      readonly detail: string;
    }
  | { readonly state: 'indirect'; readonly why: string };
/** A conversation over TLS with a server, as a host reaches it. */
export interface TlsRequest {
  /** A name, which the host resolves, or an address without brackets. The certificate is compared with it. */
  readonly hostname: string;
  readonly port: number;
  /** Certificates of authorities, in PEM. The chain is judged by them, and an untrusted one is no reason to end. */
  readonly trusted: readonly string[];
  /** Whether the authorities that Node brings along count too. */
  readonly withOwn: boolean;
  /** Sent after the handshake; the answer is read to its end. Never a secret: the server may be any. */
  readonly send?: string;
}

/** The server of a conversation over TLS. */
export interface TlsAnswer {
  /** The certificates that it sent and those of its issuers that are trusted, in PEM, its own first. */
  readonly certificates: readonly string[];
  /** OpenSSL's code if the chain leads to no trusted authority; dates are not judged. */
  readonly chainError: string | undefined;
  /** Node's message if its certificate is for other names. */
  readonly nameError: string | undefined;
  readonly received: string;
}

/** A connected host. Everything that hxllm asks or changes on a machine goes through this interface. */
export interface Host {
  readonly name: string;
  /** The address of its services as seen from this machine (`ansible_host`, else the name; `127.0.0.1` for this machine). */
  readonly address: string;
  /** The login user, for messages; left out for this machine. */
  readonly user?: string;
  /** Runs one command. Problems: `host.unreachable`, `host.timeout`, `host.aborted`. */
  run(command: Command, options: CallOptions): Promise<Result<CommandResult>>;
  /** Opens a way to a port on the host, at an address by which the host itself reaches it. */
  forward(address: string, port: number): Promise<Result<Forward>>;
  /** Tries the port from this machine, without SSH and by the address of the connection, and closes it again at once. */
  tryPort(port: number, options: CallOptions): Promise<PortTrial>;
  /**
   * Speaks TLS to a server that the host reaches: the host carries bytes, and TLS is done on this machine, so the host needs no program for it.
   * Problem `tls.failed`; its summary is the reason.
   */
  tls(request: TlsRequest, options: CallOptions): Promise<Result<TlsAnswer>>;
  close(): Promise<void>;
}

/** Connects to a host. Problems: `host.unreachable`, `host.key-unknown`, `host.key-changed`, `host.authentication-failed`, `host.timeout`, `host.aborted`. */
export type Connect = (target: Target, signal: AbortSignal) => Promise<Result<Host>>;
