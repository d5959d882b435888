import type { PlanEvent, PlannedStep, StepVerb } from '../../core/recorder.ts';
import { field, type Layout } from './check.ts';
import { flow } from './flow.ts';
import type { Paint } from './paint.ts';
import { detailBlock } from './step.ts';

/** The kind of a line in a plan, which decides its sign. */
type Mark = 'change' | 'remove' | 'check' | 'unknown';

const LEGEND: Readonly<Record<Mark, string>> = {
  change: 'changes the host',
  remove: 'stops or removes',
  check: 'only checks',
  unknown: 'not known yet',
};

/** A host's plan: each step with its detail, then the totals by kind, and with `legend` the meaning of the signs. */
export function planBlock({ steps }: PlanEvent, legend: boolean, layout: Layout): string {
  const lines = steps.map((step) => plannedBlock(step, layout));
  const below = { ...layout, indent: layout.indent - 4 };
  const signs = legend ? field('signs', legendOf(steps, layout.paint), below, WIDTH) : '';
  return `${lines.join('')}${field('plan', totalsOf(steps), below, WIDTH)}${signs}`;
}

const WIDTH = 5;

function plannedBlock(step: PlannedStep, layout: Layout): string {
  const { paint, indent, columns, verbose } = layout;
  const [sign, style] = signOfMark(markOf(step), paint);
  const id = verbose ? [{ text: `[${step.id}]`, paint: paint.dim }] : [];
  const head = flow([{ text: sign, paint: style }, { text: step.title }, ...id], {
    indent,
    hang: indent + 2,
    columns,
  });
  return head + detailBlock(step.blocked ?? step.detail, step.blocked === undefined, layout);
}

/** The number of steps of each kind, in the order of the plan: `2 to write, 1 to restart`. */
export function totalsOf(steps: readonly PlannedStep[]): string {
  const counts = new Map<StepVerb, number>();
  for (const { verb, blocked } of steps) if (blocked === undefined) counts.set(verb, (counts.get(verb) ?? 0) + 1);
  const blocked = steps.filter((step) => step.blocked !== undefined).length;
  // Checks change nothing, so they come last.
  const verbs = [...counts].toSorted(([a], [b]) => Number(a === 'check') - Number(b === 'check'));
  return [
    ...verbs.map(([verb, count]) => `${String(count)} to ${verb}`),
    ...(blocked === 0 ? [] : [`${String(blocked)} not known yet`]),
  ].join(', ');
}

function legendOf(steps: readonly PlannedStep[], paint: Paint): string {
  const marks = new Set(steps.map(markOf));
  const used = (['change', 'remove', 'check', 'unknown'] as const).filter((mark) => marks.has(mark));
  return used.map((mark) => `${signOfMark(mark, paint)[0]} ${LEGEND[mark]}`).join(', ');
}

function markOf({ verb, blocked }: PlannedStep): Mark {
  if (blocked !== undefined) return 'unknown';
  if (verb === 'check') return 'check';
  return verb === 'stop' || verb === 'remove' ? 'remove' : 'change';
}

function signOfMark(mark: Mark, { signs, ...paint }: Paint): readonly [string, (text: string) => string] {
  switch (mark) {
    case 'change':
      return [signs.add, paint.accent];
    case 'remove':
      return [signs.remove, paint.warn];
    case 'check':
      return [signs.look, paint.dim];
    case 'unknown':
      return [signs.unknown, paint.bad];
  }
}
