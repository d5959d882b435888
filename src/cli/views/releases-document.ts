import type { DeploymentRecord, Rollback } from '../../core/deployment-record.ts';
import { described, documentSchema, objectOf, type JsonSchema } from '../../core/json-schema.ts';
import { PROBLEM } from '../../core/report-schema.ts';
import type { Problem } from '../../core/problem.ts';

/** The state of a deployment that a host keeps. */
export type ReleaseState = 'runs' | 'draining' | 'kept' | 'failed' | 'unreadable';

/** A deployment of a host. Everything of its record is `null` if the record cannot be read, or leaves it open. */
export interface ListedDeployment {
  readonly number: number;
  readonly state: ReleaseState;
  readonly at: string | null;
  readonly who: string | null;
  readonly from: string | null;
  readonly kind: DeploymentRecord['kind'] | null;
  readonly rollback: Rollback | null;
  readonly changed: DeploymentRecord['changed'];
  readonly release: { readonly id: string; readonly version: string } | null;
  readonly runtime: string | null;
  readonly plan: string | null;
}

/** The deployments of a host. */
export interface ListedHost {
  readonly host: string;
  readonly running: number | null;
  /** The eldest first. */
  readonly deployments: readonly ListedDeployment[];
}

/** The document of `hxllm releases --json`. */
export interface ReleasesDocument {
  readonly schemaVersion: 1;
  readonly command: 'releases';
  readonly version: string;
  readonly hosts: readonly ListedHost[];
  readonly problems: readonly Problem[];
}

const { text, count, list, word } = described;

type Property = JsonSchema & { readonly optional?: never };

/** A value, or `null`. */
function orNull({ description = '', ...schema }: JsonSchema): Property {
  return { description, anyOf: [schema, { type: 'null' }] };
}

const DEPLOYMENT = objectOf<ListedDeployment>(
  'A deployment. Its parts are null if its record cannot be read, or leaves them open.',
  {
    number: count('Its number.'),
    state: word<ReleaseState>('Its state.', {
      runs: 'it serves',
      draining: 'its process ends the requests that it has',
      kept: 'a rollback may go back to it',
      failed: 'it never was healthy, or was cut off',
      unreadable: 'its record cannot be read',
    }),
    at: orNull(text('When its plan was made: ISO 8601, UTC.')),
    who: orNull(text('The operator.')),
    from: orNull(text('The machine of the operator.')),
    kind: orNull(
      word<DeploymentRecord['kind']>('The way in which it began to serve.', {
        switch: 'another process took over',
        reload: 'the running process read config.yaml again',
      }),
    ),
    rollback: orNull(
      objectOf<Rollback>('The return to an earlier deployment.', {
        of: count('The number of that one.'),
        codeOnly: { description: 'The configuration stayed.', type: 'boolean' },
      }),
    ),
    changed: list(
      'The steps of its plan that changed something.',
      objectOf<DeploymentRecord['changed'][number]>('A step.', { id: text('Its id.'), title: text('It in words.') }),
    ),
    release: orNull(
      objectOf<NonNullable<ListedDeployment['release']>>('Its release.', {
        id: text('The name of its folder.'),
        version: text('The version of hxllm.'),
      }),
    ),
    runtime: orNull(text('The name of the folder of its Node.js.')),
    plan: orNull(text('The SHA-256 of its plan.')),
  },
);

/** The schema of the document of `hxllm releases --json`. */
export function releasesDocumentSchema(): JsonSchema {
  return documentSchema(
    'releases',
    'The deployments of hosts',
    objectOf<ReleasesDocument>('The document of `hxllm releases --json`.', {
      schemaVersion: { description: 'The version of this format.', const: 1 },
      command: { description: 'The command.', const: 'releases' },
      version: text('The version of hxllm that wrote the document.'),
      hosts: list(
        'The hosts that answered, in the order of the inventory.',
        objectOf<ListedHost>('A host.', {
          host: text('Its name in the inventory.'),
          running: orNull(count('The number of the deployment that runs.')),
          deployments: list('The deployments that it keeps, the eldest first.', DEPLOYMENT),
        }),
      ),
      problems: list('The hosts that did not answer, and why.', PROBLEM),
    }),
  );
}
