import { join } from 'node:path';
import { runFile, type FileRun } from './file-run.ts';
import { addTallies, EMPTY, type Tally } from './tally.ts';

/** How to run files. */
export interface Pace {
  /** Number of files at a time. */
  readonly concurrency: number;
  /** Called before each file that is to run beside another: it resolves as soon as that may begin, or with `over`. Without it, at once. */
  readonly room?: (over: AbortSignal) => Promise<unknown>;
  /** Time limit of a file, ms; a longer one hangs. */
  readonly limitMs: number;
  /** So many files that failed run once more, alone, after the others. If more of them failed, something is broken, and none does. */
  readonly again?: number;
  /** Called with each file that failed and then passed. */
  readonly onUnsteady?: (file: string) => void;
  /** The whole environment of the files; without it, that of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with each file that has ended, as a path below the root, and the time that it took. */
  readonly onEnded?: (file: string, durationMs: number) => void;
}

const WIDTH = 100;

/**
 * Runs test files with node's runner: a dot for each test, s for a skipped one, and at the end the failures with their reasons. The first failures of
 * a file that passes when it runs again are shown as well.
 */
export async function runFiles(
  files: readonly string[],
  { concurrency, room, limitMs, environment, again = 0, onEnded, onUnsteady }: Pace,
  root: string,
): Promise<Tally> {
  const startedMs = performance.now();
  const waiting = [...files];
  const ended = new Map<string, FileRun>();
  const allTaken = new AbortController();
  let column = 0;
  const mark = (character: string): void => {
    process.stdout.write(character);
    column = (column + 1) % WIDTH;
    if (column === 0) process.stdout.write('\n');
  };
  const runOne = async (file: string): Promise<FileRun> => {
    const begunMs = performance.now();
    const ran = await runFile(join(root, file), {
      root,
      ...(environment === undefined ? {} : { environment }),
      limit: AbortSignal.timeout(limitMs),
      mark,
    });
    onEnded?.(file, performance.now() - begunMs);
    return ran;
  };
  const work = async (_: unknown, worker: number): Promise<void> => {
    for (;;) {
      if (worker > 0) await room?.(allTaken.signal);
      const file = waiting.shift();
      if (file === undefined) break;
      ended.set(file, await runOne(file));
    }
    allTaken.abort();
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const failed = [...ended].filter(([, { tally }]) => !tally.success);
  const unsteady: string[] = [];
  for (const [file, first] of failed.length > again ? [] : failed) {
    const second = await runOne(file);
    if (!second.tally.success) continue;
    ended.set(file, second);
    unsteady.push(`${file} failed, and passed when it ran again, alone. It failed by:`, ...first.failures);
    onUnsteady?.(file);
  }
  if (column > 0) process.stdout.write('\n');
  const runs = [...ended.values()];
  for (const text of [...unsteady, ...runs.flatMap(({ failures }) => failures)]) process.stdout.write(`\n${text}\n`);
  const tally = runs.reduce((sum, ran) => addTallies(sum, ran.tally), EMPTY);
  return { ...tally, durationMs: performance.now() - startedMs };
}
