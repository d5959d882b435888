import { described, documentSchema, objectOf, type JsonSchema } from '../../core/json-schema.ts';
import { PROBLEM } from '../../core/report-schema.ts';
import type { Problem } from '../../core/problem.ts';
import type { Diagnosis } from '../../phases/smoke/doctor/diagnosis.ts';
import { field, type Layout } from './check.ts';
import { flow } from './flow.ts';

/** The diagnosis of a host. */
export interface DiagnosedHost extends Diagnosis {
  readonly host: string;
}

/** The document of `hxllm doctor --json`. */
export interface DoctorDocument {
  readonly schemaVersion: 1;
  readonly command: 'doctor';
  readonly version: string;
  readonly diagnoses: readonly DiagnosedHost[];
  /** The archive of `--bundle`. */
  readonly bundle?: string;
  readonly problems: readonly Problem[];
}

/** A diagnosis as text: its sentence, its evidence, and the next command. */
export function diagnosisBlock({ id, severity, summary, evidence, next }: Diagnosis, layout: Layout): string {
  const { paint, indent, columns } = layout;
  const [sign, style] = {
    error: [paint.signs.fail, paint.bad] as const,
    warning: [paint.signs.warn, paint.warn] as const,
    none: [paint.signs.pass, paint.good] as const,
  }[severity];
  const head = flow(
    [
      { text: sign, paint: style },
      { text: summary, paint: paint.bold },
      { text: `[${id}]`, paint: paint.dim },
    ],
    { indent, hang: indent + 2, columns },
  );
  const seen = evidence.map((line, index) => field(index === 0 ? 'evidence' : '', line, layout)).join('');
  return head + seen + (next === '' ? '' : field('next', next, { ...layout, columns: Number.POSITIVE_INFINITY }));
}

const { text, list, word } = described;

/** The schema of the document of `hxllm doctor --json`. */
export function doctorDocumentSchema(): JsonSchema {
  return documentSchema(
    'doctor',
    'The diagnosis of gateways',
    objectOf<DoctorDocument>('The document of `hxllm doctor --json`.', {
      schemaVersion: { description: 'The version of this format.', const: 1 },
      command: { description: 'The command.', const: 'doctor' },
      version: text('The version of hxllm that wrote the document.'),
      diagnoses: list(
        'One diagnosis for each host, in the order of the inventory, or for the URL.',
        objectOf<DiagnosedHost>('A diagnosis.', {
          host: text('The name of the host in the inventory, or the URL.'),
          id: text('The cause: `healthy`, or an id of the table in the manual.'),
          severity: word<Diagnosis['severity']>('Its weight.', {
            error: 'the exit code is 1',
            warning: 'the gateway serves, and some requests will not do what people expect',
            none: 'there is nothing to treat',
          }),
          summary: text('The cause in a sentence.'),
          evidence: list('The facts that it rests on. A secret is never in them.', { type: 'string' }),
          next: text('The command that comes next; empty if there is nothing to do.'),
        }),
      ),
      bundle: { optional: text('The path of the archive, with `--bundle`.') },
      problems: list('The hosts without a diagnosis, and why.', PROBLEM),
    }),
  );
}
