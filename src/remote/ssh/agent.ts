import { connect } from 'node:net';
import ssh2, { type IdentityCallback, type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';

/** The agent answers a list at once, unless it hangs. */
const LIST_TIMEOUT_MS = 5000;

/** A signature may need a touch of the hardware key, or a yes in the agent's window. */
const SIGN_TIMEOUT_MS = 60_000;

/** A key for one attempt, as the server sees it and as the agent knows it. An RSA key signs with this hash. */
export interface AgentKey {
  readonly key: ParsedKey;
  readonly held: ParsedKey;
  readonly hash: 'sha256' | 'sha512' | undefined;
}

/** The keys of an agent that hxllm can use, or the reason why there are none. */
export interface AgentAnswer {
  readonly keys: readonly ParsedKey[];
  readonly why?: string;
}

// ssh2's agent waits for ever. Here every connection to the socket ends with the signal or after the limit, so that none keeps the
// process running.
class BoundedAgent extends ssh2.OpenSSHAgent {
  readonly #socketPath: string;
  readonly #signal: AbortSignal;
  readonly #offered: AgentKey | undefined;

  constructor(socketPath: string, signal: AbortSignal, offered?: AgentKey) {
    super(socketPath);
    this.#socketPath = socketPath;
    this.#signal = signal;
    this.#offered = offered;
  }

  override getStream(callback: Parameters<ssh2.OpenSSHAgent['getStream']>[0]): void {
    const limitMs = this.#offered === undefined ? LIST_TIMEOUT_MS : SIGN_TIMEOUT_MS;
    const end = AbortSignal.any([this.#signal, AbortSignal.timeout(limitMs)]);
    const socket = connect(this.#socketPath);
    const cut = (): void => {
      socket.destroy(new Error('no answer'));
    };
    end.addEventListener('abort', cut, { once: true });
    if (end.aborted) cut();
    socket
      .once('connect', () => {
        callback(undefined, socket);
      })
      .on('error', (error) => {
        callback(error);
      })
      .once('close', () => {
        end.removeEventListener('abort', cut);
        callback(new Error('the agent closed the connection'));
      });
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    if (this.#offered === undefined) super.getIdentities(callback);
    else callback(null, [this.#offered.key]);
  }

  override sign(
    key: ParsedKey | Buffer | string,
    data: Buffer,
    options?: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): boolean {
    const done = typeof options === 'function' ? options : callback;
    const hash = this.#offered?.hash;
    return super.sign(this.#offered?.held ?? key, data, hash === undefined ? {} : { hash }, done);
  }
}

/** An agent for ssh2 that offers only one of its keys, and gives up with the signal. */
export function agentWith(socketPath: string, offered: AgentKey, signal: AbortSignal): ssh2.OpenSSHAgent {
  return new BoundedAgent(socketPath, signal, offered);
}

/** Lists an agent's keys within five seconds. ssh2 leaves out the types that it cannot use (FIDO `sk-…`, certificates). */
export function keysOfAgent(socketPath: string, signal: AbortSignal): Promise<AgentAnswer> {
  const began = performance.now();
  return new Promise((resolve) => {
    new BoundedAgent(socketPath, signal).getIdentities((error, keys) => {
      if (error === null || error === undefined)
        return resolve({
          keys: (keys ?? []).flatMap((key) => ('getPublicSSH' in Object(key) ? [key as ParsedKey] : [])), // ssh2 gives parsed keys
        });
      const late = performance.now() - began >= LIST_TIMEOUT_MS - 100;
      return resolve({
        keys: [],
        why: late
          ? `the agent at ${socketPath} did not list its keys within ${String(LIST_TIMEOUT_MS / 1000)} s`
          : `the agent at ${socketPath} does not answer`,
      });
    });
  });
}
