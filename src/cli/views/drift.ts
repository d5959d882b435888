import { described, documentSchema, objectOf, type JsonSchema } from '../../core/json-schema.ts';
import type { Problem } from '../../core/problem.ts';
import { PROBLEM } from '../../core/report-schema.ts';
import type { HostDrift } from '../../phases/enforce/host/drift.ts';
import type { Drift } from '../../plan/drift.ts';
import type { createPaint } from './paint.ts';

/** The drift of a host. */
export interface DriftedHost extends HostDrift {
  readonly host: string;
}

/** The document of `hxllm drift --json`. */
export interface DriftDocument {
  readonly schemaVersion: 1;
  readonly command: 'drift';
  readonly version: string;
  readonly hosts: readonly DriftedHost[];
  readonly problems: readonly Problem[];
}

/** The lines of all hosts that differ. A host that does not has a line for a person alone: in cron each line would be a mail. */
export function driftLines(
  hosts: readonly DriftedHost[],
  { bold, signs }: ReturnType<typeof createPaint>,
  isForPerson: boolean,
): readonly string[] {
  return hosts.flatMap(({ host, deployment, drift }) => {
    if (drift.length === 0)
      return isForPerson ? [`${bold(host)}  ${signs.pass} is as deployment ${String(deployment)} was applied`] : [];
    return [
      `${bold(host)}  differs from deployment ${String(deployment)}`,
      ...drift.map(
        ({ subject, expected, found }) => `  ${signs.fail} ${subject}: expected ${expected}, found ${found}`,
      ),
      `  to correct it: hxllm enforce --limit ${host}`,
    ];
  });
}

/** The document of the hosts that answered, and of the Problems of the others. */
export function driftDocument(
  version: string,
  hosts: readonly DriftedHost[],
  problems: readonly Problem[],
): DriftDocument {
  return { schemaVersion: 1, command: 'drift', version, hosts, problems };
}

const { text, count, list, word } = described;

const DRIFT = objectOf<Drift>('A thing that is not as it was applied.', {
  kind: word<Drift['kind']>('The kind of the thing.', {
    file: 'a file that hxllm wrote',
    folder: 'a folder of hxllm',
    link: 'a link',
    release: 'the program',
    runtime: 'its Node.js',
    unit: 'a unit of systemd',
    service: 'the process that runs',
    account: 'a user or a group',
    foreign: 'a thing of others in a folder of hxllm',
  }),
  subject: text('The path, or the unit.'),
  expected: text('The state that was applied.'),
  found: text('The state now. A secret is never in it.'),
});

/** The schema of the document of `hxllm drift --json`. */
export function driftDocumentSchema(): JsonSchema {
  return documentSchema(
    'drift',
    'The drift of hosts',
    objectOf<DriftDocument>('The document of `hxllm drift --json`.', {
      schemaVersion: { description: 'The version of this format.', const: 1 },
      command: { description: 'The command.', const: 'drift' },
      version: text('The version of hxllm that wrote the document.'),
      hosts: list(
        'The hosts that answered, in the order of the inventory.',
        objectOf<DriftedHost>('A host.', {
          host: text('Its name in the inventory.'),
          deployment: count('The deployment that it is compared with: the one that runs.'),
          drift: list('The things that differ; none if it is as it was applied.', DRIFT),
        }),
      ),
      problems: list('The hosts that could not be compared, and why.', PROBLEM),
    }),
  );
}
