import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { kill } from 'node:process';
import { childEnvironment, type LocalUser } from '../local-user.ts';
import { within } from '../wait.ts';
import { parseLoginLog } from './login-log.ts';

/**
 * Starts ssh, and beside it a shell that waits for the end of a pipe. It ends when hxllm does, also by SIGKILL: then the shell removes
 * the folder and ends the group of processes, a ProxyCommand with it. The group has its own session, so that no Ctrl-C reaches it, and no
 * terminal, so that ssh asks hxllm.
 */
const WATCHED =
  '(trap "" HUP INT TERM; read -r _ <&3; rm -rf -- "$0"; kill -TERM 0; sleep 1; kill -KILL 0) >/dev/null 2>&1 & exec "$@" 3<&-';

const CLOSE_TIMEOUT_MS = 400;
const POLL_MS = 10;
const NEVER = new AbortController().signal;

/** The start of a connection. */
export interface SharedStart {
  readonly localUser: LocalUser;
  readonly folder: string;
  readonly askpass: string;
  readonly argv: readonly string[];
  readonly control: string;
  readonly log: string;
  /** Until the key exchange, and then until the end of the login. */
  readonly greetingMs: number;
  readonly loginMs: number;
}

/** The end of a start: `open`, or the reason why not. */
export type StartEnd = 'open' | 'failed' | 'silent' | 'late' | 'aborted';

/** An ssh process whose connection is shared by the sessions that `control` leads to. */
export class SharedConnection {
  readonly control: string;
  readonly log: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly ended: Promise<void>;
  /** Commands that are being told to end. */
  readonly ending = new Set<Promise<unknown>>();
  readonly #child: ChildProcess;
  #alive = true;
  #closed = false;
  #said = '';

  constructor({ localUser, folder, askpass, argv, control, log }: SharedStart) {
    [this.control, this.log] = [control, log];
    this.environment = childEnvironment(localUser.environment);
    const child = spawn('/bin/sh', ['-c', WATCHED, folder, ...argv], {
      detached: true,
      env: { ...this.environment, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' },
      // Node closes the input of a child when that ends, and this pipe only when hxllm does.
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-4000);
    });
    child.stdio[3]?.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      const gone = (): void => {
        this.#alive = false;
        resolve();
      };
      child.once('error', gone).once('exit', gone);
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** The output of ssh beside its log: the server's banner, and the words of a ProxyCommand. */
  get said(): string {
    return this.#said.trim();
  }

  /** Waits until sessions can be opened. */
  opened({ greetingMs, loginMs }: SharedStart, signal: AbortSignal): Promise<StartEnd> {
    const startedMs = performance.now();
    return new Promise((resolve) => {
      const look = (): void => {
        const passedMs = performance.now() - startedMs;
        const end = this.#look(passedMs > greetingMs, passedMs > greetingMs + loginMs, signal.aborted);
        if (end === undefined) return;
        clearInterval(poll);
        signal.removeEventListener('abort', look);
        resolve(end);
      };
      const poll = setInterval(look, POLL_MS);
      signal.addEventListener('abort', look, { once: true });
      void this.ended.then(look);
      look();
    });
  }

  #look(isSilent: boolean, isLate: boolean, aborted: boolean): StartEnd | undefined {
    if (aborted) return 'aborted';
    if (!this.#alive) return 'failed';
    // ssh listens after the login, and the socket appears when it listens.
    if (existsSync(this.control)) return 'open';
    if (isLate) return 'late';
    return isSilent && !parseLoginLog(readLog(this.log)).exchanged ? 'silent' : undefined;
  }

  /** Ends ssh and all that belongs to it. */
  async close(): Promise<void> {
    // After the first time the number of the group may belong to other processes.
    if (this.#closed) return;
    this.#closed = true;
    if (this.ending.size > 0) await within(Promise.allSettled(this.ending), 2 * CLOSE_TIMEOUT_MS, NEVER);
    this.#send('SIGTERM');
    await within(this.ended, CLOSE_TIMEOUT_MS, NEVER);
    // The shell beside it, and a ProxyCommand that ignores SIGTERM.
    this.#send('SIGKILL');
    for (const pipe of this.#child.stdio) pipe?.destroy();
  }

  #send(name: NodeJS.Signals): void {
    try {
      if (this.#child.pid !== undefined) kill(-this.#child.pid, name);
    } catch {
      // All of them have ended already.
    }
  }
}

/** The text of a log; empty while there is none. */
export function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
