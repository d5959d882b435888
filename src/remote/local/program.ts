import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { kill } from 'node:process';
import type { CallOptions, Command, CommandResult } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { deadlineOf, describeCommand } from '../../core/deadline.ts';
import { processExitCode } from '../exit-code.ts';
import { childEnvironment } from '../local-user.ts';
import { writeStdin } from '../stdin.ts';

/**
 * Time between SIGTERM and SIGKILL, and then until the pipes are destroyed: a grandchild outside the group may hold
 * them.
 */
const GRACE_MS = 1000;

type End = Omit<CommandResult, 'durationMs'>;

/** Runs one local program in its own process group, and ends the whole group if the caller gives up. */
export async function runProgram(
  host: string,
  environment: Readonly<Record<string, string | undefined>>,
  command: Command,
  options: CallOptions,
): Promise<Result<CommandResult>> {
  const deadline = deadlineOf(options);
  const abandoned = (): Result<CommandResult> => fail(deadline.problem(host, describeCommand(command)));
  if (deadline.signal.aborted) return abandoned();
  const startedMs = performance.now();
  const [program = '', ...rest] = command.argv;
  const child = spawn(program, rest, {
    detached: true,
    env: childEnvironment(environment),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = endOf(child, command.onOutput);
  const stop = (): void => {
    endGroup(child);
  };
  deadline.signal.addEventListener('abort', stop, { once: true });
  try {
    const end = await Promise.race([ended, writeStdin(command.stdin, child.stdin).then(() => ended)]);
    return deadline.signal.aborted
      ? abandoned()
      : ok({ ...end, durationMs: Math.round(performance.now() - startedMs) });
  } catch (error) {
    // The source of the input failed: the program must not take half of the input for the whole.
    stop();
    throw error;
  } finally {
    deadline.signal.removeEventListener('abort', stop);
  }
}

function endOf(child: ChildProcessWithoutNullStreams, onOutput: Command['onOutput']): Promise<End> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => {
    if (onOutput === undefined) out.push(chunk);
    else onOutput(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err.push(chunk);
  });
  // A program may end without reading all of its input.
  child.stdin.on('error', () => {
    child.stdin.destroy();
  });
  return new Promise((resolve) => {
    // Exit codes of a shell: 127 if the program does not exist, 126 if it cannot be run.
    child.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ exitCode: error.code === 'ENOENT' ? 127 : 126, stdout: '', stderr: `${error.message}\n` });
    });
    child.once('close', (code, signal) => {
      resolve({
        exitCode: processExitCode(code, signal),
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      });
    });
  });
}

function endGroup(child: ChildProcessWithoutNullStreams): void {
  const { pid } = child;
  if (pid === undefined) return;
  const send = (signal: NodeJS.Signals): void => {
    try {
      kill(-pid, signal);
    } catch {
      // The whole group has ended already.
    }
  };
  send('SIGTERM');
  const force = setTimeout(() => {
    send('SIGKILL');
    giveUp.refresh();
  }, GRACE_MS);
  const giveUp = setTimeout(() => {
    for (const pipe of child.stdio) pipe?.destroy();
  }, 2 * GRACE_MS);
  child.once('close', () => {
    clearTimeout(force);
    clearTimeout(giveUp);
  });
}
