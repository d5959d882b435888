import type { PhaseReport } from '../../../core/phase.ts';

/** The run as text, for the evidence. */
export function summarizeUninstall({ ending, changes, problems }: PhaseReport): string {
  const blocks = problems.map(
    ({ code, summary, detail, fix }) => `problem ${code}: ${summary}\n${detail}\nfix: ${fix}\n`,
  );
  return `uninstall: ${ending}, ${String(changes)} steps\n${blocks.join('')}`;
}
