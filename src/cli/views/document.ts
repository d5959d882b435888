import type { PhaseOutcome } from '../run/outcome.ts';

/** The version of the document that `--json` prints. */
const DOCUMENT_VERSION = 1;

/** The document that `--json` prints: the outcome of one phase, or, for a command that runs several, its ending and all their outcomes. */
export function documentOf(
  command: string,
  version: string,
  outcomes: readonly PhaseOutcome[],
  several: boolean,
): object {
  const head = { schemaVersion: DOCUMENT_VERSION, program: { name: 'hxllm', version }, command };
  const last = outcomes.at(-1);
  if (!several && last !== undefined) return { ...head, ...last };
  return { ...head, ending: last?.ending ?? 'crashed', exitCode: last?.exitCode ?? 70, phases: outcomes };
}
