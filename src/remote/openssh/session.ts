import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { CallOptions, Command, CommandResult } from '../../core/host.ts';
import { randomId } from '../../core/id.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { loginLine } from '../../core/shell.ts';
import { deadlineOf, describeCommand } from '../../core/deadline.ts';
import { FULL } from '../session-pool.ts';
import type { SshSettings } from '../ssh/settings.ts';
import { lost } from '../ssh/unreachable.ts';
import { writeStdin } from '../stdin.ts';
import { within } from '../wait.ts';
import { sessionArguments } from './arguments.ts';
import { readLog, type SharedConnection } from './shared-connection.ts';

/**
 * Reports the process group before a command, and its exit code after it, beside its own error output. ssh's exit code is 255 for an
 * error of its own, for a signal and for a command that ends with 255; and ssh has no signals for a command, so a second session sends them.
 */
const REPORTED =
  'exec 9>&2 2>/dev/null; trap : HUP INT TERM; read -r _ _ _ _ g _ </proc/$$/stat; echo "$1 $g" >&9; n=$1; shift; "$@" 2>&9 9>&-; echo "$n = $?" >&9';

/** The characters that a login shell may write before a command. */
const NOISE_MAX = 65_536;

const POLL_MS = 5;
const SIGNAL_TIMEOUT_MS = 5000;
const GROUP_TIMEOUT_MS = 1000;
/** ssh sees the end of a connection a moment after its sessions do. */
const LOST_AFTER_MS = 500;
const NEVER = new AbortController().signal;

/** Tells a process group of the host to end, over a connection that has room for it. */
export type EndGroup = (group: string) => Promise<unknown>;

/** A session of a shared connection. */
export interface SshSession {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Whether the server has opened it. */
  readonly opened: Promise<boolean>;
  /** The exit code of ssh. */
  readonly ended: Promise<number>;
  /** The log of ssh, complete after the end. */
  log(): string;
}

let sessions = 0;

/** Opens a session or, with `-W`, a connection through the host. */
export function openSession(shared: SharedConnection, words: readonly string[]): SshSession {
  sessions += 1;
  const log = `${shared.control}.${String(sessions)}`;
  const child = spawn('ssh', [...sessionArguments(shared.control, log), ...words], {
    detached: true,
    env: shared.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {
    child.stdin.destroy();
  });
  let text: string | undefined;
  const ended = new Promise<number>((resolve) => {
    const end = (code: number | null): void => {
      text ??= readLog(log);
      rmSync(log, { force: true });
      resolve(code ?? 255);
    };
    child.once('error', () => {
      end(null);
    });
    child.once('close', end);
  });
  const read = (): string => text ?? readLog(log);
  return { child, ended, log: read, opened: openedBy(ended, read) };
}

function openedBy(ended: Promise<number>, log: () => string): Promise<boolean> {
  return new Promise((resolve) => {
    const look = (isLast: boolean): void => {
      const open = log().includes('master session id');
      if (!open && !isLast) return;
      clearInterval(poll);
      resolve(open);
    };
    const poll = setInterval(look, POLL_MS, false);
    void ended.then(() => {
      look(true);
    });
  });
}

/** Runs one command in its own session. `onOpen` is called with the session; its result with the session's end. */
export async function runSession(
  settings: SshSettings,
  shared: SharedConnection,
  command: Command,
  options: CallOptions,
  onOpen: () => () => void,
  endElsewhere: EndGroup,
): Promise<Result<CommandResult> | typeof FULL> {
  const deadline = deadlineOf(options);
  const what = describeCommand(command);
  const abandoned = (): Result<CommandResult> => fail(deadline.problem(settings.name, what));
  if (deadline.signal.aborted) return abandoned();
  const startedMs = performance.now();
  const over = new Promise<undefined>((resolve) => {
    deadline.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const token = randomId();
  const session = openSession(shared, [
    '--',
    'host',
    loginLine(['bash', '-c', REPORTED, 'hxllm', token, ...command.argv]),
  ]);
  const output = collect(session, token, command.onOutput);
  const stop = (): void => {
    const told = endCommand(shared, session, output.group, endElsewhere);
    shared.ending.add(told);
    void told.finally(() => shared.ending.delete(told));
  };
  const open = await Promise.race([session.opened, over]);
  const onEnd = open === true ? onOpen() : () => undefined;
  try {
    // The input goes to an open session alone, since a refused session is tried again elsewhere.
    const input = open === true ? writeStdin(command.stdin, session.child.stdin) : Promise.resolve();
    const code = await Promise.race([session.ended, over, input.then(() => Promise.race([session.ended, over]))]);
    if (code === undefined) {
      stop();
      return abandoned();
    }
    const end = output.end();
    const result = (exitCode: number): Result<CommandResult> => {
      const { stdout, stderr } = end;
      return ok({ exitCode, stdout, stderr, durationMs: Math.round(performance.now() - startedMs) });
    };
    if (end.exitCode !== undefined) return result(end.exitCode);
    if (open === true && code !== 255) return result(code);
    await within(shared.ended, open === true ? LOST_AFTER_MS : 0, NEVER);
    if (shared.alive && open !== true) return FULL;
    // A command of the server's own (ForceCommand) may end with 255, and reports nothing.
    if (shared.alive && !end.begun) return result(code);
    return fail(lost(settings, what, lossOf(readLog(shared.log))));
  } catch (error) {
    // The source of the input failed: the command must not take half of the input for the whole.
    stop();
    throw error;
  } finally {
    onEnd();
  }
}

// "Timeout, server … not responding.", "Connection to … closed by remote host."
function lossOf(log: string): string | undefined {
  return /^(?:Timeout, server .* not responding|Connection to .* closed by remote host|.*: (?:Broken pipe|Connection reset by peer))/m
    .exec(log)?.[0]
    .replace(/\.$/, '');
}

interface Collected {
  /** The process group of the command, when it has begun; undefined if the session ends without it. */
  readonly group: Promise<string | undefined>;
  end(): { exitCode: number | undefined; begun: boolean; stdout: string; stderr: string };
}

function collect({ child, ended }: SshSession, token: string, onOutput: Command['onOutput']): Collected {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  const begin = new RegExp(`${token} (\\d*)\\n`);
  const group = Promise.withResolvers<string | undefined>();
  let begun = false;
  let seen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (onOutput === undefined) out.push(chunk);
    else onOutput(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err.push(chunk);
    if (begun || seen.length > NOISE_MAX) return;
    seen += chunk.toString('latin1');
    const found = begin.exec(seen);
    if (found === null) return;
    begun = true;
    group.resolve(found[1]);
  });
  void ended.then(() => {
    group.resolve(undefined);
  });
  return {
    group: group.promise,
    end: () => {
      const text = Buffer.concat(err).toString();
      const done = new RegExp(`${token} = (\\d+)\\n`).exec(text);
      const stderr = text.replace(begin, '').replace(done?.[0] ?? '', '');
      return {
        exitCode: done === null ? undefined : Number(done[1]),
        begun: begin.test(text),
        stdout: Buffer.concat(out).toString(),
        stderr,
      };
    },
  };
}

async function endCommand(
  shared: SharedConnection,
  { child }: SshSession,
  group: Collected['group'],
  endElsewhere: EndGroup,
): Promise<void> {
  const found = await within(group, GROUP_TIMEOUT_MS, NEVER);
  const number = found.state === 'done' ? (found.value ?? '') : '';
  // 0 and 1 would mean other processes than those of the command.
  if (Number(number) > 1 && !(await endGroup(shared, number)) && shared.alive)
    await endElsewhere(number).catch(() => undefined);
  child.kill('SIGTERM');
  for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
}

/** Tells a process group of the host to end. False if the connection has no room for a session. */
export async function endGroup(shared: SharedConnection, group: string): Promise<boolean> {
  const session = openSession(shared, ['--', 'host', loginLine(['bash', '-c', 'kill -TERM -- -$1', 'hxllm', group])]);
  session.child.stdin.end();
  session.child.stdout.resume();
  session.child.stderr.resume();
  const open = await within(session.opened, SIGNAL_TIMEOUT_MS, NEVER);
  if (open.state !== 'done' || !open.value) {
    session.child.kill('SIGKILL');
    return false;
  }
  await within(session.ended, SIGNAL_TIMEOUT_MS, NEVER);
  return true;
}
