import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shownPath } from '../../../config/shown-path.ts';
import { fail, ok, type Result } from '../../../core/problem.ts';
import { printable } from '../../../core/printable.ts';
import { nearestName } from '../../../core/spelling.ts';
import { compareKeptRuns, type RunDifference } from '../../../evidence/archive/compare-runs.ts';
import { findRun, keptRuns, type KeptRun } from '../../../evidence/archive/kept-runs.ts';
import { PRUNE } from '../../../evidence/archive/tombstones.ts';
import { ROLLBACK } from '../../../phases/enforce/rollback/index.ts';
import { UNINSTALL } from '../../../phases/enforce/uninstall/index.ts';
import { PHASES } from '../../../phases/index.ts';
import { EXIT, exitCodeOfProblems } from '../../exit-code.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { tableLines } from '../../views/columns.ts';
import type { DiffDocument, ListedRun, RunsDocument } from '../../views/evidence-document.ts';
import { createPaint } from '../../views/paint.ts';
import { reportProblems } from '../../views/problems.ts';
import { readEvidenceFolder } from './folder.ts';

/** The phases, and the other commands that leave runs. */
const LISTED: readonly string[] = [...[...PHASES, ROLLBACK, UNINSTALL].map(({ name }) => name), PRUNE];

/** The options of the commands that read runs. */
export interface RunsOptions {
  readonly evidenceDir?: string;
  readonly json?: boolean;
}

/** Lists the runs, the newest last; with `phase` those of one. Returns the exit code. */
export function listRuns(terminal: Terminal, phase: string | undefined, options: RunsOptions): number {
  return withFolder(terminal, options, (root) => {
    const all = keptRuns(root);
    const runs = all.filter((run) => phase === undefined || run.phase === phase);
    const phases = [...new Set([...LISTED, ...all.map((run) => run.phase)])];
    if (phase !== undefined && !phases.includes(phase)) return fail(unknownPhase(phase, phases));
    if (options.json === true) {
      const rows = runs.map(({ place, record }): ListedRun => ({
        run: place,
        ending: record?.ending ?? null,
        exitCode: record?.exitCode ?? null,
        startedAt: record?.startedAt ?? null,
        durationMs: record?.durationMs ?? null,
        changes: record?.changes ?? null,
        hosts: record?.hosts ?? [],
        by: record?.by ?? null,
      }));
      return ok(documentText({ ...HEAD, command: 'evidence list', folder: root, runs: rows }));
    }
    const { good, bad, accent } = createPaint(terminal.environment, terminal.stdout.isTty);
    const lines = runs.map(({ place, record }) => {
      const ending = record?.ending ?? 'open';
      const style = ending === 'passed' ? good : ending === 'pending' || ending === 'declined' ? accent : bad;
      const changes = record === undefined || record.changes === 0 ? '' : `${String(record.changes)} changed`;
      return {
        cells: [
          place,
          ending,
          changes,
          `${((record?.durationMs ?? 0) / 1000).toFixed(1)} s`,
          (record?.hosts ?? []).join(', '),
        ],
        styles: [undefined, style],
      };
    });
    return ok(
      tableLines(lines, terminal.stdout.columns())
        .map((line) => `${line.trimEnd()}\n`)
        .join(''),
    );
  });
}

/** Prints the summary of a run, or its run.json. Returns the exit code. */
export function showRun(terminal: Terminal, name: string | undefined, options: RunsOptions): number {
  return withFolder(terminal, options, (root) => {
    const run = runNamed(root, name ?? 'latest', terminal);
    if (!run.ok) return run;
    const file = join(root, run.value.place, options.json === true ? 'run.json' : 'summary.txt');
    if (!existsSync(file)) return fail(notClosed(run.value));
    const text = readFileSync(file, 'utf8');
    if (options.json === true) return ok(text);
    return ok(`${printable(text).trimEnd()}\n\n${shownPath(join(root, run.value.place), terminal.cwd)}\n`);
  });
}

/** Opens the report of a run in the browser, or prints its path where there is none. Returns the exit code. */
export async function openReport(terminal: Terminal, name: string | undefined, options: RunsOptions): Promise<number> {
  const { environment, stdout } = terminal;
  let path = '';
  const code = withFolder(terminal, options, (root) => {
    const run = runNamed(root, name ?? 'latest', terminal);
    if (!run.ok) return run;
    const report = join(root, run.value.place, 'report.html');
    path = existsSync(report) ? report : join(root, run.value.place, 'summary.txt');
    return existsSync(path) ? ok('') : fail(notClosed(run.value));
  });
  if (code !== EXIT.ok) return code;
  const screen = environment['DISPLAY'] ?? environment['WAYLAND_DISPLAY'];
  if (screen !== undefined && screen !== '') {
    const child = spawn('xdg-open', [path], { stdio: 'ignore', env: environment });
    const isOpened = await once(child, 'exit').then(
      ([status]) => status === 0,
      () => false,
    );
    if (isOpened) return EXIT.ok;
  }
  stdout.write(`${path}\n`);
  return EXIT.ok;
}

/** Prints the differences between two runs. Returns the exit code: 2 if there are any. */
export function diffRuns(terminal: Terminal, a: string, b: string, options: RunsOptions): number {
  let differs = false;
  const code = withFolder(terminal, options, (root) => {
    const [one, other] = [runNamed(root, a, terminal), runNamed(root, b, terminal)];
    if (!one.ok) return one;
    if (!other.ok) return other;
    const differences = compareKeptRuns(root, one.value, other.value);
    differs = differences.length > 0;
    if (options.json === true)
      return ok(
        documentText({
          ...HEAD,
          command: 'evidence diff',
          folder: root,
          a: one.value.place,
          b: other.value.place,
          differences,
        }),
      );
    const paint = createPaint(terminal.environment, terminal.stdout.isTty);
    const head = [`${paint.bad('-')} ${one.value.place}`, `${paint.good('+')} ${other.value.place}`];
    const lines = differences.flatMap(({ about, subject, a: before, b: after }: RunDifference) => [
      `${about} ${paint.bold(printable(subject))}`,
      ...(before === undefined ? [] : [`  ${paint.bad(`- ${printable(before)}`)}`]),
      ...(after === undefined ? [] : [`  ${paint.good(`+ ${printable(after)}`)}`]),
    ]);
    return ok([...head, ...(differs ? lines : ['  no difference']), ''].join('\n'));
  });
  return code === EXIT.ok && differs ? EXIT.pending : code;
}

function withFolder(terminal: Terminal, options: RunsOptions, work: (root: string) => Result<string>): number {
  const folder = readEvidenceFolder(terminal, options.evidenceDir);
  const text = folder.ok ? work(folder.value) : folder;
  if (text.ok) {
    terminal.stdout.write(text.value);
    return EXIT.ok;
  }
  reportProblems(terminal, text.problems);
  return exitCodeOfProblems(text.problems);
}

const HEAD = { schemaVersion: 1 } as const;

function documentText(document: RunsDocument | DiffDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function runNamed(root: string, name: string, { cwd }: Terminal): Result<KeptRun> {
  const runs = keptRuns(root);
  const run = findRun(runs, name);
  if (run !== undefined) return ok(run);
  const newest = runs.slice(-3).map(({ place }) => place);
  return fail({
    code: 'usage.run',
    summary: `there is no run ${name}`,
    detail: `Expected a run in ${shownPath(root, cwd)}, such as ${newest.join(', ') || 'none yet'}, a phase for its newest run, or latest; found none of that name.`,
    fix: 'hxllm evidence list',
  });
}

function unknownPhase(phase: string, phases: readonly string[]): Parameters<typeof fail>[0] {
  const meant = nearestName(phase, phases);
  return {
    code: 'usage.phase',
    summary: `there is no phase ${phase}`,
    detail: `Expected one of ${phases.join(', ')}, found ${phase}.`,
    fix: `hxllm evidence list${meant === undefined ? '' : ` ${meant}`}`,
  };
}

function notClosed({ place }: KeptRun): Parameters<typeof fail>[0] {
  return {
    code: 'evidence.open',
    summary: `${place} is not closed`,
    detail: 'Expected the files of a closed run, found none: it is at work, or was cut off.',
    fix: 'hxllm evidence verify  # says which; the next run closes one that was cut off',
  };
}
