import type { StepEvent, StepState } from '../../core/recorder.ts';
import type { Layout } from './check.ts';
import { flow } from './flow.ts';
import type { Paint } from './paint.ts';

/** A step's line with its detail. A step that has only begun has no line: the spinner shows it. */
export function stepBlock(step: StepEvent, layout: Layout): string {
  if (step.state === 'started') return '';
  const { paint, indent, columns, verbose } = layout;
  const [sign, style] = signOfStep(step.state, paint);
  const time =
    step.durationMs !== undefined && (verbose || step.durationMs >= 1000)
      ? [{ text: `(${seconds(step.durationMs)})`, paint: paint.dim }]
      : [];
  const id = verbose ? [{ text: `[${step.id}]`, paint: paint.dim }] : [];
  const head = flow([{ text: sign, paint: style }, { text: step.title }, ...time, ...id], {
    indent,
    hang: indent + 2,
    columns,
  });
  return head + detailBlock(step.detail, step.state === 'planned', layout);
}

const SHORT = 8;

/** The lines below a step. Of a plan, a new file is shown by its length, so that the question below the plan stays on screen. */
export function detailBlock(detail: string | undefined, planned: boolean, layout: Layout): string {
  if (detail === undefined || detail === '') return '';
  const lines = detail.trimEnd().split('\n');
  const isNew = planned && lines.length > SHORT && lines.every((line) => line.startsWith('+'));
  const shown =
    isNew && layout.wholeFiles !== true ? [`new, ${String(lines.length)} lines (--diff shows them)`] : lines;
  return shown.map((line) => detailLine(line, layout)).join('');
}

// A line of a diff keeps its blanks; its colour tells added lines from removed ones.
function detailLine(line: string, { paint, indent, columns }: Layout): string {
  const style = line.startsWith('+') ? paint.good : line.startsWith('-') ? paint.bad : paint.dim;
  const diff = /^[+\- @]/.test(line);
  return flow([{ text: line, paint: style, whole: diff }], {
    indent: indent + 4,
    hang: indent + 4,
    columns: diff ? Number.POSITIVE_INFINITY : columns,
  });
}

function signOfStep(state: StepState, paint: Paint): readonly [string, (text: string) => string] {
  switch (state) {
    case 'planned':
    case 'started':
      return [paint.signs.add, paint.accent];
    case 'done':
      return [paint.signs.pass, paint.good];
    case 'failed':
      return [paint.signs.fail, paint.bad];
    case 'undone':
      return [paint.signs.undo, paint.warn];
    case 'unknown':
      return [paint.signs.unknown, paint.bad];
  }
}

/** A duration for people: `40 ms`, `0.4 s`, `12 s`, `2 min 5 s`. */
export function seconds(ms: number): string {
  if (ms < 100) return `${String(Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return whole < 60 ? `${String(whole)} s` : `${String(Math.floor(whole / 60))} min ${String(whole % 60)} s`;
}
