import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { isSudo, sudoWords, type Become } from '../core/become.ts';
import type { CallOptions, Command, CommandResult, Host } from '../core/host.ts';
import type { Secret } from '../core/secret.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import type { RunCommand } from '../plan/plan.ts';
import { notHeld, SILENCE_S } from './hold-problems.ts';
import { startFirstRelay, type FirstRelay } from './first-relay.ts';
import { GONE, HOLDER, RELAY, START } from './holder.ts';

const BEAT_MS = 15_000;
const HOLD_TIMEOUT_MS = 4 * 3_600_000;
/** Time for the step that runs when an operator interrupts; then it is ended. */
const STEP_TIMEOUT_MS = 5000;
const END_TIMEOUT_MS = 5000;

/** A host whose lock this run holds. Its commands run as root, or as the login user with `become: none`, and are ended with the lock. */
export interface HeldHost extends Host {
  /** Releases the lock; a script that must end by itself keeps it until then. The connection stays. */
  release(): Promise<void>;
}

/** The holder of a lock. */
export interface HoldRequest {
  readonly become: Become;
  /** A random word. */
  readonly token: string;
  /** The command of this run, which a fix repeats: `hxllm enforce`. */
  readonly command: RunCommand;
  /** The operator as the host notes it: `ada@workstation`. */
  readonly by: string;
  /** The lock's name, for installations of their own. */
  readonly name: string;
  /** The folder of the lock, mode 0700; by default `/run/hxllm`, or a folder of the login user's own who is not root. */
  readonly folder?: string;
  readonly silenceS?: number;
  /** The Problem of a host on which something else than bash answered. */
  readonly noShell: (ran: CommandResult) => Problem;
}

/**
 * Takes the host's lock, so that two runs never change a host at once, and becomes root for the whole run by a single sudo.
 * Problems: `enforce.locked`, `enforce.lock-folder`, `permission.lock-folder`, `permission.sudo`, `enforce.disk-full`, `host.no-shell`.
 */
export async function holdHost(host: Host, request: HoldRequest, signal: AbortSignal): Promise<Result<HeldHost>> {
  const words = createWords(isSudo(request.become) ? request.become.password : undefined);
  const starting = new AbortController();
  const stop = (): void => starting.abort();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const { token, by, name, folder = '-', become, silenceS = SILENCE_S } = request;
  const argv = ['bash', '-c', START, 'hxllm', token, ...wayOf(become), HOLDER, by, String(silenceS), name, folder];
  const holding = host.run(
    { argv, title: 'hold the lock', stdin: words.stream() },
    { signal: starting.signal, timeoutMs: HOLD_TIMEOUT_MS },
  );
  const first = startFirstRelay(host, token, starting.signal);
  // The holder ends first only if it did not get the lock.
  const isHeld = await Promise.race([holding.then(() => false), first.held]);
  signal.removeEventListener('abort', stop);
  if (isHeld) return ok(createHeldHost(host, request, words, holding, first));
  first.abort();
  words.end();
  const late = await Promise.race([holding, first.held.then(() => delay(END_TIMEOUT_MS, undefined, { ref: false }))]);
  starting.abort();
  const ran = late ?? (await holding);
  // Either sudo was still at work and was ended above, or the connection has a Problem of its own.
  const isSlow = late === undefined && !signal.aborted;
  if (!ran.ok) return fail(isSlow ? notHeld(host.name, request.command, undefined, request) : ran.problems[0]);
  return fail(notHeld(host.name, request.command, ran.value, request));
}

/** The way to root, and the words of sudo, for START. */
function wayOf(become: Become): readonly [string, string] {
  if (!isSudo(become)) return [become === 'none' ? become : 'forbidden', ''];
  return [become.password === undefined ? 'sudo' : 'password', sudoWords(become)];
}

function createHeldHost(
  host: Host,
  { token, name, command: repeated }: HoldRequest,
  words: Words,
  holding: Promise<Result<CommandResult>>,
  first: FirstRelay,
): HeldHost {
  let count = 0;
  const ended = holding.then(() => undefined);
  const run = async (command: Command, { signal, timeoutMs }: CallOptions): Promise<Result<CommandResult>> => {
    const { breaks = 'any' } = command;
    const limitS = breaks === 'whole' ? 0 : Math.ceil(timeoutMs / 1000);
    const relay = [token, String((count += 1)), breaks, String(limitS), ...command.argv];
    const settled = new AbortController();
    const cut = new AbortController();
    const limits = { signal: cut.signal, timeoutMs };
    const relayed = first.isFree()
      ? first.run({ command, words: relay }, limits)
      : host.run({ ...command, argv: ['bash', '-c', RELAY, 'hxllm', ...relay] }, limits);
    void interrupted(signal, settled.signal, breaks, words, cut);
    // The holder ended before the run did: nothing answers any more. A command that must be whole goes on without it.
    if (breaks !== 'whole')
      void ended
        .then(() => delay(END_TIMEOUT_MS, undefined, { ref: false, signal: settled.signal }))
        .then(
          () => cut.abort(),
          () => undefined,
        );
    const ran = await relayed.finally(() => settled.abort());
    const isLost = ran.ok ? ran.value.exitCode === GONE : cut.signal.aborted && !signal.aborted;
    return isLost ? fail(lockLost(host.name, name, repeated)) : ran;
  };
  return {
    ...host,
    run,
    release: async () => {
      words.end();
      await Promise.all([ended, first.end()]);
    },
  };
}

/** Ends a command after an interruption: at once, or after the step that runs. A command that must be whole is not ended. */
async function interrupted(
  signal: AbortSignal,
  settled: AbortSignal,
  breaks: Command['breaks'],
  words: Words,
  cut: AbortController,
): Promise<void> {
  if (breaks === 'whole') return;
  try {
    if (!signal.aborted) await once(signal, 'abort', { signal: settled });
    if (breaks === 'steps') {
      words.say('between');
      await delay(STEP_TIMEOUT_MS, undefined, { signal: settled, ref: false });
      words.say('late');
      await delay(END_TIMEOUT_MS, undefined, { signal: settled, ref: false });
    }
    cut.abort();
  } catch {
    // The command has ended before.
  }
}

/** The words to HOLDER: a beat every 15 s, so that the host knows that this machine is still connected. A password of sudo goes before them, to START. */
interface Words {
  say(word: string): void;
  end(): void;
  stream(): AsyncIterable<Uint8Array>;
}

function createWords(password: Secret | undefined): Words {
  const queue = [...(password === undefined ? [] : [password.reveal()]), 'beat'];
  let next = Promise.withResolvers<undefined>();
  let over = false;
  const wake = (): void => {
    next.resolve(undefined);
  };
  return {
    say: (word) => {
      queue.push(word);
      wake();
    },
    end: () => {
      over = true;
      wake();
    },
    stream: async function* () {
      for (;;) {
        while (queue.length > 0) yield new TextEncoder().encode(`${queue.shift() ?? ''}\n`);
        if (over) return;
        const beat = new AbortController();
        await Promise.race([
          next.promise,
          delay(BEAT_MS, undefined, { signal: beat.signal, ref: false }).then(
            () => queue.push('beat'),
            () => undefined,
          ),
        ]);
        beat.abort();
        next = Promise.withResolvers<undefined>();
      }
    },
  };
}

function lockLost(host: string, name: string, command: RunCommand): Problem {
  return {
    code: 'enforce.lock-lost',
    summary: 'lost the lock on the host',
    detail: `The host heard nothing from this machine for too long, or its holder of the lock (${name}) was ended, and released the lock, so another run may have changed the host. This step and the steps after it changed nothing.`,
    fix: `${command} --dry-run`,
    where: { host },
  };
}
