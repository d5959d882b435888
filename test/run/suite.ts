import { join } from 'node:path';
import { runFile } from './file-run.ts';
import { addTallies, EMPTY, type Tally } from './tally.ts';

/** How to run files. */
export interface Pace {
  /** Number of files at a time. */
  readonly concurrency: number;
  /** Until then one file at a time. */
  readonly aloneUntil?: Promise<unknown>;
  /** Time limit of a file, ms; a longer one hangs. */
  readonly limitMs: number;
  /** The whole environment of the files; without it, that of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with each file that has ended, as a path below the root, and the time that it took. */
  readonly onEnded?: (file: string, durationMs: number) => void;
}

const WIDTH = 100;

/** Runs test files with node's runner: a dot for each test, s for a skipped one, and at the end the failures with their reasons. */
export async function runFiles(
  files: readonly string[],
  { concurrency, aloneUntil, limitMs, environment, onEnded }: Pace,
  root: string,
): Promise<Tally> {
  const startedMs = performance.now();
  const waiting = [...files];
  const failures: string[] = [];
  const allTaken = Promise.withResolvers<void>();
  let tally = EMPTY;
  let column = 0;
  const mark = (character: string): void => {
    process.stdout.write(character);
    column = (column + 1) % WIDTH;
    if (column === 0) process.stdout.write('\n');
  };
  const work = async (_: unknown, worker: number): Promise<void> => {
    if (worker > 0) await Promise.race([aloneUntil, allTaken.promise]);
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const begunMs = performance.now();
      const ran = await runFile(join(root, file), {
        root,
        ...(environment === undefined ? {} : { environment }),
        limit: AbortSignal.timeout(limitMs),
        mark,
      });
      tally = addTallies(tally, ran.tally);
      failures.push(...ran.failures);
      onEnded?.(file, performance.now() - begunMs);
    }
    allTaken.resolve();
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  if (column > 0) process.stdout.write('\n');
  for (const failure of failures) process.stdout.write(`\n${failure}\n`);
  return { ...tally, durationMs: performance.now() - startedMs };
}
