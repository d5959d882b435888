import { spawn } from 'node:child_process';
import type { CommandResult } from '../../src/core/host.ts';

/** How a program is run on this machine. */
export interface RunOptions {
  readonly stdin?: string;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** The signal that the program gets when `signal` aborts; by default SIGTERM. */
  readonly killSignal?: 'SIGKILL' | 'SIGINT';
}

/** Runs a program to its end and returns its output; a non-zero exit code is data. Throws if it cannot be started. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const startedMs = performance.now();
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  options.signal?.addEventListener('abort', () => child.kill(options.killSignal ?? 'SIGTERM'), { once: true });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // A program may end without reading its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  child.on('error', reject);
  child.on('close', (code, signal) => {
    resolve({
      exitCode: code ?? (signal === 'SIGKILL' ? 137 : 143),
      stdout: Buffer.concat(out).toString(),
      stderr: Buffer.concat(err).toString(),
      durationMs: performance.now() - startedMs,
    });
  });
  return promise;
}

/** Runs a program that must succeed and returns its standard output; throws with its output otherwise. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await run(argv, options);
  if (ran.exitCode === 0) return ran.stdout;
  const said = `${ran.stdout}\n${ran.stderr}`.trim().split('\n').slice(-20).join('\n');
  throw new Error(`${argv.slice(0, 6).join(' ')} ended with ${String(ran.exitCode)}:\n${said}`);
}

/** Asks again until the answer is true; throws at the deadline, with the name of the expectation. */
export async function until(
  what: string,
  deadlineMs: number,
  ask: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await ask())) {
    signal?.throwIfAborted();
    if (performance.now() > endMs) throw new Error(`waited ${String(deadlineMs / 1000)} s for ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}
