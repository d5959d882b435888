import { isAbsolute, relative, resolve } from 'node:path';
import { printable } from '../../core/printable.ts';
import type { Problem } from '../../core/problem.ts';
import { failsPhase, type CheckResult } from '../../core/verdict.ts';
import type { PhaseOutcome } from '../run/outcome.ts';

/** GitHub shows this many annotations of a step; the rest would be dropped in silence. */
export const MOST_ANNOTATIONS = 10;
const MOST_CHARACTERS = 2000;

/** The folders that paths are relative to. */
export interface Workspace {
  readonly cwd: string;
  /** The checkout: `GITHUB_WORKSPACE`. */
  readonly root: string;
}

interface Annotation {
  readonly level: 'error' | 'warning';
  readonly title: string;
  readonly text: string;
  readonly file?: string;
  readonly line?: number;
}

/**
 * The workflow commands of GitHub (actions/toolkit, core/src/command.ts) that annotate the outcome: problems and failed checks first, then
 * warnings, and at most {@link MOST_ANNOTATIONS} in all. The last one counts what is left out.
 */
export function annotationLines(outcomes: readonly PhaseOutcome[], workspace: Workspace): readonly string[] {
  const failures = outcomes.flatMap(({ phase, problems, results }) => [
    ...problems.map((problem) => ofProblem(phase, 'error', problem)),
    ...results.filter(failsPhase).map((result) => ofCheck(phase, 'error', result)),
  ]);
  const warnings = outcomes.flatMap(({ phase, warnings: told, results }) => [
    ...told.map((problem) => ofProblem(phase, 'warning', problem)),
    ...results
      .filter((result) => result.outcome === 'fail' && result.severity === 'warning')
      .map((result) => ofCheck(phase, 'warning', result)),
  ]);
  // `up` tells the same warning in each phase.
  const all = [...new Map([...failures, ...warnings].map((each) => [JSON.stringify(each), each])).values()];
  if (all.length <= MOST_ANNOTATIONS) return all.map((each) => lineOf(each, workspace));
  const shown = all.slice(0, MOST_ANNOTATIONS - 1);
  const rest = all.slice(MOST_ANNOTATIONS - 1);
  const level = rest.some((each) => each.level === 'error') ? 'error' : 'warning';
  const last = { level, title: 'hxllm', text: `${String(rest.length)} more: see the summary of the job` } as const;
  return [...shown, last].map((each) => lineOf(each, workspace));
}

function ofProblem(phase: string, level: Annotation['level'], { summary, detail, fix, where }: Problem): Annotation {
  const place = where?.host === undefined ? '' : `${where.host}: `;
  return {
    level,
    title: `hxllm ${phase}: ${place}${summary}`,
    text: [detail, fix === '' ? '' : `fix: ${fix}`].filter((text) => text !== '').join('\n'),
    ...(where?.file === undefined ? {} : { file: where.file }),
    ...(where?.line === undefined ? {} : { line: where.line }),
  };
}

function ofCheck(phase: string, level: Annotation['level'], result: CheckResult): Annotation {
  const { host, id, title, wanted, seen, fix } = result;
  const lines = [
    wanted === undefined ? `found ${seen}` : `expected ${wanted}, found ${seen}`,
    ...(fix === undefined ? [] : [`fix: ${fix}`]),
  ];
  return { level, title: `hxllm ${phase}: ${host}: ${title} (${id})`, text: lines.join('\n') };
}

function lineOf({ level, title, text, file, line }: Annotation, { cwd, root }: Workspace): string {
  const path = file === undefined ? undefined : relative(root, resolve(cwd, file));
  // A file outside of the checkout has no place in it.
  const place =
    path === undefined || path.startsWith('..') || isAbsolute(path)
      ? []
      : [`file=${property(path)}`, ...(line === undefined ? [] : [`line=${String(line)}`])];
  const body = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return `::${level} ${[...place, `title=${property(printable(title))}`].join(',')}::${data(body)}`;
}

/** The lines that make GitHub replace a secret in its log: one for each line of it, since the log is compared line by line. */
export function maskLines(secret: string): readonly string[] {
  return secret
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '')
    .map((line) => `::add-mask::${data(line)}`);
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
