import { setTimeout as delay } from 'node:timers/promises';
import { deadlineOf, describeCommand } from '../core/deadline.ts';
import type { CallOptions, Command, CommandResult, Host } from '../core/host.ts';
import { fail, ok, type Result } from '../core/problem.ts';
import { shellLine } from '../core/shell.ts';
import { FIRST_RELAY, READY } from './holder.ts';

/** Time for sudo: it may wait for a directory server, or for a delay of PAM. The login has its own limit. */
const START_TIMEOUT_MS = 90_000;
const LONGEST_MS = 4 * 3_600_000;

/** A job as RELAY knows it. */
export interface Job {
  readonly command: Command;
  /** The arguments of RELAY: token, number, kind, seconds, and the command. */
  readonly words: readonly string[];
}

/**
 * The session that waits for the lock and then relays the first job of the run. It is opened together with the holder's, so the first job costs
 * one round trip instead of three: a session takes one to open and one to begin.
 */
export interface FirstRelay {
  /** Whether the lock was taken; `false` if the session ended before, or after a time limit. */
  readonly held: Promise<boolean>;
  /** Whether it waits for a job. */
  readonly isFree: () => boolean;
  /** Runs the first job. Problems as those of {@link Host.run}. */
  run(job: Job, options: CallOptions): Promise<Result<CommandResult>>;
  /** Ends the session if no job was given to it. */
  end(): Promise<void>;
  /** Ends the session at once. */
  abort(): void;
}

/** Opens the session; `signal` ends it while the lock is not taken. */
export function startFirstRelay(host: Host, token: string, signal: AbortSignal): FirstRelay {
  const given = Promise.withResolvers<Job | undefined>();
  const held = Promise.withResolvers<boolean>();
  const [cut, over] = [new AbortController(), new AbortController()];
  const output = new Output(() => {
    held.resolve(true);
  });
  let isFree = true;
  const session = host.run(
    {
      argv: ['bash', '-c', FIRST_RELAY, 'hxllm', token],
      title: 'take the lock and look at the host',
      stdin: inputOf(given.promise),
      onOutput: (chunk) => {
        output.hear(chunk);
      },
    },
    { signal: AbortSignal.any([cut.signal, over.signal]), timeoutMs: LONGEST_MS },
  );
  const stop = (): void => over.abort();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  // The source of a job's input may fail; then the call of the job rejects.
  const ended = session.then(
    () => undefined,
    () => undefined,
  );
  void ended.then(() => {
    isFree = false;
    held.resolve(false);
  });
  const settled = new AbortController();
  void held.promise.then(() => {
    signal.removeEventListener('abort', stop);
    settled.abort();
  });
  void delay(START_TIMEOUT_MS, undefined, { ref: false, signal: settled.signal }).then(stop, () => undefined);
  return {
    held: held.promise,
    isFree: () => isFree,
    run: async (job, options) => {
      isFree = false;
      const deadline = deadlineOf(options);
      const startedMs = performance.now();
      output.pass = job.command.onOutput;
      given.resolve(job);
      deadline.signal.addEventListener('abort', () => cut.abort(), { once: true });
      if (deadline.signal.aborted) cut.abort();
      const ran = await session;
      if (!ran.ok) {
        return deadline.signal.aborted ? fail(deadline.problem(host.name, describeCommand(job.command))) : ran;
      }
      return ok({ ...ran.value, stdout: output.text(), durationMs: Math.round(performance.now() - startedMs) });
    },
    end: async () => {
      given.resolve(undefined);
      await ended;
    },
    abort: stop,
  };
}

/** The job, ended by a byte that no word has, and then the input of its command. */
async function* inputOf(given: Promise<Job | undefined>): AsyncIterable<Uint8Array> {
  const job = await given;
  if (job === undefined) return;
  const { stdin } = job.command;
  yield Buffer.from(`${shellLine(job.words)}\0`);
  if (typeof stdin === 'string') yield Buffer.from(stdin);
  else if (stdin instanceof Uint8Array) yield stdin;
  else if (stdin !== undefined) yield* stdin;
}

/** The output of the session: the word that the lock is held, and then that of the job. A start file of the shell may write before both. */
class Output {
  readonly #onReady: () => void;
  #before: Buffer | undefined = Buffer.alloc(0);
  readonly #job: Uint8Array[] = [];
  /** Receives the output of the job, instead of keeping it. */
  pass: Command['onOutput'];

  constructor(onReady: () => void) {
    this.#onReady = onReady;
  }

  hear(chunk: Uint8Array): void {
    if (this.#before === undefined) {
      if (this.pass === undefined) this.#job.push(chunk);
      else this.pass(chunk);
      return;
    }
    const heard = Buffer.concat([this.#before, chunk]);
    const at = heard.indexOf(`${READY}\n`);
    this.#before = at < 0 ? heard : undefined;
    // No job has been given before, so nothing of its output can follow.
    if (at >= 0) this.#onReady();
  }

  text(): string {
    return Buffer.concat(this.#job).toString();
  }
}
