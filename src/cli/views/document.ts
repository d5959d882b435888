import type { PhaseOutcome } from '../run/outcome.ts';

/** The version of what `--json` prints. */
const DOCUMENT_VERSION = 1;

/** What `--json` prints: of one phase its outcome; of a command that runs several, how it came out and theirs. */
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
