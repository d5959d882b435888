import { placeOf, type Problem } from '../../core/problem.ts';
import type { CheckResult } from '../../core/verdict.ts';
import { field, type Layout } from './check.ts';
import { flow } from './flow.ts';

/** Whether a check of the same host has shown the same fix already, so that one outage is not shown twice. */
export function repeatsCheck(problem: Problem, results: readonly CheckResult[]): boolean {
  return results.some(
    ({ host, fix, outcome }) =>
      host === problem.where?.host && fix === problem.fix && (outcome === 'fail' || outcome === 'unknown'),
  );
}

/** A Problem with its summary, place, detail and fix. A warning differs only in its sign. */
export function problemBlock(problem: Problem, kind: 'problem' | 'warning', layout: Layout): string {
  const { paint, indent, columns, verbose } = layout;
  const [sign, style] = kind === 'problem' ? [paint.signs.fail, paint.bad] : [paint.signs.warn, paint.warn];
  const head = flow(
    [
      { text: sign, paint: style },
      { text: problem.summary, paint: paint.bold },
      ...(verbose ? [{ text: `[${problem.code}]`, paint: paint.dim }] : []),
    ],
    { indent, hang: indent + 2, columns },
  );
  const rows: readonly (readonly [string, string])[] = [
    ['where', placeOf(problem.where)],
    ['detail', problem.detail],
    ['fix', problem.fix],
  ];
  return head + rows.map(([name, value]) => (value === '' ? '' : field(name, value, layout))).join('');
}
