import type { Problem } from '../../core/problem.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { createPaint } from './paint.ts';
import { problemBlock } from './problem.ts';

/** Writes Problems, or warnings, to stderr. */
export function reportProblems(
  { stderr, environment }: Pick<Terminal, 'stderr' | 'environment'>,
  problems: readonly Problem[],
  kind: 'problem' | 'warning' = 'problem',
): void {
  const layout = {
    paint: createPaint(environment, stderr.isTty),
    indent: 0,
    columns: stderr.columns(),
    verbose: false,
  };
  for (const problem of problems) stderr.write(problemBlock(problem, kind, layout));
}
