import { once } from 'node:events';
import { isatty } from 'node:tty';
import { errorCode } from '../core/error.ts';
import type { Problem } from '../core/problem.ts';
import { helpText, readFlags } from './flags.ts';
import { startSim, type Sim } from './server.ts';
import { settle, type SimOptions } from './settings.ts';

/**
 * Runs a simulated Ollama until SIGTERM or SIGINT. Exit codes: 0 after a signal, 64 for wrong flags, 1 if it cannot
 * listen.
 */
export async function simMain(argv: readonly string[]): Promise<number> {
  const flags = readFlags(argv);
  if (!flags.ok) return report(flags.problems[0], 64);
  if (flags.value === 'help') {
    process.stdout.write(helpText());
    return 0;
  }
  const ending = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const started = await start(flags.value);
  if ('code' in started) return report(started, 1);
  const { models, numParallel } = settle(flags.value);
  const names = models.map((model) => (typeof model === 'string' ? model : model.name));
  process.stdout.write(
    `simulated Ollama on ${started.url}: ${names.join(', ')}; ${String(numParallel)} slot${numParallel === 1 ? '' : 's'} each\n`,
  );
  await ending;
  await started.close();
  return 0;
}

async function start(options: SimOptions): Promise<Sim | Problem> {
  const { host, port } = settle(options);
  try {
    return await startSim({ ...options, port });
  } catch (error) {
    const code = errorCode(error) === '' ? String(error) : errorCode(error);
    const place = `${host}:${String(port)}`;
    if (code === 'EADDRINUSE')
      return {
        code: 'listen.port-taken',
        summary: `port ${String(port)} is taken`,
        detail: `Another program listens on ${place}.`,
        fix: 'hxllm sim --port 0',
      };
    return {
      code: 'listen.refused',
      summary: `cannot listen on ${place}`,
      detail: `Expected an address of this machine and a port that this user may open, found ${code}.`,
      fix: 'hxllm sim --host 127.0.0.1 --port 0',
    };
  }
}

function report(problem: Problem, exitCode: number): number {
  const bold =
    isatty(2) && process.env['NO_COLOR'] === undefined
      ? (text: string) => `\u001B[1m${text}\u001B[22m`
      : (text: string) => text;
  process.stderr.write(`${bold(problem.summary)}\n  ${problem.detail}\n  fix: ${problem.fix}\n`);
  return exitCode;
}

if (import.meta.main) process.exitCode = await simMain(process.argv.slice(2));
