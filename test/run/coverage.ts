import { globSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { run, type EventData } from 'node:test';
import { findTestFiles, isSerial } from './test-files.ts';

// npm run coverage [-- PATTERN …]: the share of src that the tests run, by room. It measures and fails nothing: a test that fails
// is named at the end, and npm test says why.

const ROOT = join(import.meta.dirname, '../..');
/** Two levels tell `gateway/route` from `gateway/upstream`. */
const ROOM_DEPTH = 2;

type FileCoverage = EventData.TestCoverage['summary']['files'][number];

if (import.meta.main) await main(process.argv.slice(2));

async function main(patterns: readonly string[]): Promise<void> {
  const files = findTestFiles(ROOT, patterns).filter((file) => patterns.length > 0 || !isSerial(file));
  if (files.length === 0) {
    process.stderr.write(
      `Expected test files with one of these words in their path, found none: ${patterns.join(' ')}\n`,
    );
    process.exitCode = 64;
    return;
  }
  process.stdout.write(`running ${String(files.length)} test files\n`);
  const failed: string[] = [];
  let covered: readonly FileCoverage[] = [];
  const stream = run({
    files: files.map((file) => join(ROOT, file)),
    cwd: ROOT,
    concurrency: 2,
    coverage: true,
    coverageIncludeGlobs: ['src/**/*.ts'],
  });
  stream.on('test:fail', ({ name, file }: EventData.TestFail) => {
    failed.push(`failed: ${file === undefined ? '' : `${relative(ROOT, file)}: `}${name}`);
  });
  stream.on('test:coverage', ({ summary }: EventData.TestCoverage) => {
    covered = summary.files;
  });
  for await (const _ of stream);
  const all = globSync('**/*.ts', { cwd: join(ROOT, 'src') });
  const byPath = new Map(covered.map((file) => [relative(join(ROOT, 'src'), file.path), file]));
  process.stdout.write(`${[...failed, ...coverageTable(all, byPath)].join('\n')}\n`);
}

/**
 * The table's lines: a row for each room that a test loaded a file of, and the sum of these rooms. `files` counts the loaded
 * files and all of the room; files that only hold types are never loaded.
 */
export function coverageTable(all: readonly string[], covered: ReadonlyMap<string, FileCoverage>): readonly string[] {
  const rooms = [...Map.groupBy(all.toSorted(), roomOf)].filter(([, paths]) => paths.some((path) => covered.has(path)));
  const sum = ['all', rooms.flatMap(([, paths]) => paths)] as const;
  const rows = [...rooms, sum].map(([room, paths]) => rowOf(room, paths, covered));
  const width = Math.max(...rows.map(([room]) => room.length));
  return [['room', 'files', 'lines', 'branches', 'functions'] as const, ...rows].map(([room, ...cells]) =>
    [room.padEnd(width), ...cells.map((cell) => cell.padStart(11))].join('').trimEnd(),
  );
}

function roomOf(path: string): string {
  const folder = posix.dirname(path);
  return folder === '.' ? '(src)' : folder.split('/').slice(0, ROOM_DEPTH).join('/');
}

function rowOf(
  room: string,
  paths: readonly string[],
  covered: ReadonlyMap<string, FileCoverage>,
): readonly [string, string, string, string, string] {
  const files = paths.flatMap((path) => covered.get(path) ?? []);
  const share = (
    part: keyof FileCoverage & `covered${string}Count`,
    whole: keyof FileCoverage & `total${string}`,
  ): string => {
    const [some, most] = [sumOf(files, part), sumOf(files, whole)];
    return most === 0 ? '-' : `${((100 * some) / most).toFixed(1)} %`;
  };
  return [
    room,
    `${String(files.length)}/${String(paths.length)}`,
    share('coveredLineCount', 'totalLineCount'),
    share('coveredBranchCount', 'totalBranchCount'),
    share('coveredFunctionCount', 'totalFunctionCount'),
  ];
}

function sumOf(files: readonly FileCoverage[], count: keyof FileCoverage): number {
  return files.reduce((sum, file) => sum + Number(file[count]), 0);
}
