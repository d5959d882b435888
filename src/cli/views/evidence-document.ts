import { described, documentSchema, objectOf, type JsonSchema } from '../../core/json-schema.ts';
import type { RunDifference } from '../../evidence/archive/compare-runs.ts';
import type { ChainLink } from '../../evidence/chain/link.ts';
import { ENDING } from '../../evidence/evidence-schema.ts';
import { CHAIN_LINK } from '../../evidence/manifest-schema.ts';
import type { RunRecord } from '../../evidence/run-record.ts';
import type { Finding } from '../../evidence/verify/finding.ts';

interface EvidenceHead<Command extends string> {
  readonly schemaVersion: 1;
  readonly command: Command;
  /** The evidence folder, absolute. */
  readonly folder: string;
}

/** The document of `hxllm evidence verify --json`. */
export interface VerifyDocument extends EvidenceHead<'evidence verify'> {
  readonly runs: number;
  readonly head: ChainLink | null;
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  readonly unknown: readonly string[];
  readonly hosts: readonly {
    readonly host: string;
    readonly hasLog: boolean;
    readonly confirmed: number;
    readonly last: ChainLink | null;
    readonly others: readonly string[];
  }[];
}

/** A run in the list; null where it is not closed yet. */
export interface ListedRun {
  readonly run: string;
  readonly ending: RunRecord['ending'] | null;
  readonly exitCode: number | null;
  readonly startedAt: string | null;
  readonly durationMs: number | null;
  readonly changes: number | null;
  readonly hosts: readonly string[];
  readonly by: string | null;
}

/** The document of `hxllm evidence list --json`. */
export interface RunsDocument extends EvidenceHead<'evidence list'> {
  readonly runs: readonly ListedRun[];
}

/** The document of `hxllm evidence diff --json`. */
export interface DiffDocument extends EvidenceHead<'evidence diff'> {
  readonly a: string;
  readonly b: string;
  readonly differences: readonly RunDifference[];
}

const { text, count, list, word } = described;

type Property = JsonSchema & { readonly optional?: never };

function orNull({ description = '', ...schema }: JsonSchema): Property {
  return { description, anyOf: [schema, { type: 'null' }] };
}

function head(command: string): Readonly<Record<'schemaVersion' | 'command' | 'folder', Property>> {
  return {
    schemaVersion: { description: 'The version of this format.', const: 1 },
    command: { description: 'The command.', const: command },
    folder: { description: 'The absolute path of the evidence.', type: 'string' },
  };
}

const FINDING = objectOf<Finding>('A difference between the evidence and its chain.', {
  kind: word<Finding['kind']>('Its kind, which stays the same in later versions.', {
    changed: 'the content differs',
    missing: 'the chain has it, the folder does not',
    added: 'the folder has it, the chain does not',
    moved: 'it stands in another place or order',
    open: 'a run was cut off, and no later run closed it',
    unsigned: 'a signature is missing or wrong',
  }),
  path: text('The path below the evidence folder.'),
  expected: text('The expected state.'),
  found: text('The state that was found.'),
});

const VERIFY = objectOf<VerifyDocument>('`evidence verify`.', {
  ...head('evidence verify'),
  runs: count('The number of closed runs in the chain.'),
  head: orNull({ ...CHAIN_LINK, description: 'The newest run; null if there is none.' }),
  findings: list('The differences; none if everything is as it was closed.', FINDING),
  notes: list('Remarks about things that are no faults.', { type: 'string' }),
  unknown: list('Sentences about the things that this folder alone cannot tell.', { type: 'string' }),
  hosts: list(
    'The hosts whose audit logs were compared, with `--host`.',
    objectOf<VerifyDocument['hosts'][number]>('A host.', {
      host: text('Its name in the inventory.'),
      hasLog: { description: 'Whether it has an audit log.', type: 'boolean' },
      confirmed: count('The number of runs in the log that are links of the chain.'),
      last: orNull({ ...CHAIN_LINK, description: 'The last link that the log confirms; null if there is none.' }),
      others: list('Runs in the log whose evidence is in another folder.', { type: 'string' }),
    }),
  ),
});

const LIST = objectOf<RunsDocument>('`evidence list`.', {
  ...head('evidence list'),
  runs: list(
    'The runs, the newest last.',
    objectOf<ListedRun>('A run. Its parts are null while it is not closed.', {
      run: text('Its place, `PHASE/TIME`.'),
      ending: orNull(ENDING),
      exitCode: orNull(count('The exit code of the phase.')),
      startedAt: orNull(text('The start: ISO 8601, UTC.')),
      durationMs: orNull(described.duration('The time that it took, in ms.')),
      changes: orNull(count('The number of changes.')),
      hosts: list('Its hosts.', { type: 'string' }),
      by: orNull(text('User and machine, such as `ada@workstation`.')),
    }),
  ),
});

const DIFF = objectOf<DiffDocument>('`evidence diff`.', {
  ...head('evidence diff'),
  a: text('The first run, `PHASE/TIME`.'),
  b: text('The other run.'),
  differences: list(
    'The differences; none if there are none.',
    objectOf<RunDifference>('A difference.', {
      about: word<RunDifference['about']>('The thing that differs.', {
        ending: 'the ending of the run',
        check: 'the outcome of a check',
        plan: 'a step of the plan',
        latency: 'the latency of a request',
      }),
      subject: text('The host and the check, step or request.'),
      a: { optional: text('In the first run; absent if it does not have it.') },
      b: { optional: text('In the other run; likewise.') },
    }),
  ),
});

/** The schema of the documents of `hxllm evidence … --json`. `evidence show --json` prints run.json, which has a schema of its own. */
export function evidenceDocumentSchema(): JsonSchema {
  return documentSchema('evidence', 'The documents of hxllm evidence', {
    description: 'One document on stdout for each command.',
    anyOf: [VERIFY, LIST, DIFF],
  });
}
