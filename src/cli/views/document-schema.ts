import { described, documentSchema, objectOf, type JsonSchema } from '../../core/json-schema.ts';
import { REPORT_DEFINITIONS, reportPart } from '../../core/report-schema.ts';
import type { Severity } from '../../core/verdict.ts';
import { ENDING, EXIT_CODE } from '../../evidence/evidence-schema.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import type { NewKeyDocument } from '../actions/keys/new-key.ts';
import type { CheckDescription, ChecksDocument } from './checks-document.ts';
import { SCAN } from './scan-schema.ts';
import { DOCUMENT_VERSION, type CommandDocument, type DocumentHead } from './document.ts';

const { text, count, duration, time, list } = described;

const HEAD = {
  schemaVersion: { description: 'The version of this format.', const: DOCUMENT_VERSION },
  program: objectOf<DocumentHead['program']>('The program that wrote the document.', {
    name: text('`hxllm`.'),
    version: text('Its version.'),
  }),
  command: text('The command.'),
};

const PHASE = {
  phase: text('The phase, or `uninstall`.'),
  ending: ENDING,
  exitCode: EXIT_CODE,
  hosts: list('The hosts of the run.', { type: 'string' }),
  results: list('The result of every check.', reportPart('checkResult')),
  problems: list('The failures that are no checks.', reportPart('problem')),
  warnings: list('Findings in the operator’s files that did not stop the run.', reportPart('problem')),
  changes: count('The number of changes that were made, or that a dry run found.'),
  steps: list('The last state of every step, in the order of the plan.', reportPart('step')),
  notes: list('Lines for the operator.', { type: 'string' }),
  startedAt: time('The start.'),
  durationMs: duration('The time that the phase took, in ms.'),
  evidence: { optional: text('The absolute path of the run’s folder; absent if it could not be made.') },
  head: { optional: text('The SHA-256 of the run’s manifest, which the chain of the evidence ends with.') },
  scan: { optional: SCAN },
};

const CHECK = objectOf<CheckDescription>('A check of preflight.', {
  id: text('Its id, without the subject unless that was named.'),
  family: text('The part of the id before the dot.'),
  familyTitle: text('The title of the family.'),
  title: text('The state that holds if the check passes.'),
  severity: described.word<Severity>('The weight of a failure.', {
    error: 'it fails the phase',
    warning: 'it is shown',
    note: 'it informs',
  }),
  hasSubject: { description: 'The check is judged for each backend, name or model.', type: 'boolean' },
  after: list('Ids of the checks without which it is skipped.', { type: 'string' }),
  why: { optional: text('The question and its reason.') },
  remedy: { optional: text('The way to fix it in general.') },
});

/** The schema of what `--json` prints. */
export function commandDocumentSchema(): JsonSchema {
  return documentSchema('json-output', 'The document that --json prints', {
    description: 'One document on stdout for each command. A command that runs several phases (`up`) lists them.',
    anyOf: [
      objectOf<DocumentHead & PhaseOutcome>('A command that runs one phase.', { ...HEAD, ...PHASE }),
      objectOf<CommandDocument>('A command that runs several phases.', {
        ...HEAD,
        ending: ENDING,
        exitCode: EXIT_CODE,
        phases: list('The phases that ran, in order.', { $ref: '#/$defs/phase' }),
      }),
      objectOf<ChecksDocument>('`preflight --list` and `--explain`.', {
        ...HEAD,
        checks: list('The checks, in the order in which they are judged.', { $ref: '#/$defs/check' }),
      }),
      objectOf<NewKeyDocument>('`keys new`.', {
        ...HEAD,
        alias: text('The name of the key.'),
        key: text('The key itself, which is shown only here.'),
        hash: text('Its SHA-256: 64 hexadecimal digits.'),
        line: text('Its entry for `litellm_keys`, in YAML.'),
      }),
    ],
    $defs: { ...REPORT_DEFINITIONS, phase: objectOf<PhaseOutcome>('One phase.', PHASE), check: CHECK },
  });
}
