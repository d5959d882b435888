import type { RunEnding } from '../../evidence/run-record.ts';
import type { PhaseOutcome } from '../run/outcome.ts';

/** The version of the document that `--json` prints. */
export const DOCUMENT_VERSION = 1;

/** The beginning of every document. */
export interface DocumentHead {
  readonly schemaVersion: typeof DOCUMENT_VERSION;
  readonly program: { readonly name: string; readonly version: string };
  readonly command: string;
}

/** The document of a command that runs several phases. */
export interface CommandDocument extends DocumentHead {
  readonly ending: RunEnding;
  readonly exitCode: number;
  readonly phases: readonly PhaseOutcome[];
}

/** The document that `--json` prints: the outcome of one phase, or, for a command that runs several, its ending and all their outcomes. */
export function documentOf(
  command: string,
  version: string,
  outcomes: readonly PhaseOutcome[],
  several: boolean,
): CommandDocument | (DocumentHead & PhaseOutcome) {
  const head: DocumentHead = { schemaVersion: DOCUMENT_VERSION, program: { name: 'hxllm', version }, command };
  const last = outcomes.at(-1);
  if (!several && last !== undefined) return { ...head, ...last };
  return { ...head, ending: last?.ending ?? 'crashed', exitCode: last?.exitCode ?? 70, phases: outcomes };
}
