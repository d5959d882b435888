import type { Severity } from '../../core/verdict.ts';
import { DOCUMENT_VERSION, type DocumentHead } from './document.ts';

/** A check as `preflight --list` and `--explain` describe it. */
export interface CheckDescription {
  readonly id: string;
  readonly family: string;
  readonly familyTitle: string;
  readonly title: string;
  readonly severity: Severity;
  /** The check is judged once for each subject (a backend, a model), which stands behind its id in brackets. */
  readonly hasSubject: boolean;
  /** Ids of the checks without which this one is skipped. */
  readonly after: readonly string[];
  readonly why?: string;
  readonly remedy?: string;
}

/** The document that `preflight --list --json` and `--explain --json` print. */
export interface ChecksDocument extends DocumentHead {
  readonly checks: readonly CheckDescription[];
}

/** The document of these checks. */
export function checksDocument(version: string, checks: readonly CheckDescription[]): ChecksDocument {
  return { schemaVersion: DOCUMENT_VERSION, program: { name: 'hxllm', version }, command: 'preflight', checks };
}
