import { described, documentSchema, objectOf, type JsonSchema } from '../core/json-schema.ts';
import type { ChainLink } from './chain/link.ts';
import type { Manifest } from './manifest.ts';
import { SCHEMA_VERSION } from './run-record.ts';

const { text, time, list } = described;
const HASH: JsonSchema = {
  description: 'A SHA-256: 64 hexadecimal digits.',
  type: 'string',
  pattern: '^[0-9a-f]{64}$',
};

/** The schema of a {@link ChainLink}. */
export const CHAIN_LINK = objectOf<ChainLink>('A closed run, as a link of the chain.', {
  phase: text('Its phase.'),
  run: text('The name of its folder.'),
  sha256: { ...HASH, description: 'The SHA-256 of its manifest.' },
});

/** The schema of manifest.json of a run. */
export function manifestSchema(): JsonSchema {
  return documentSchema(
    'manifest',
    'The manifest of a run',
    objectOf<Manifest>('`manifest.json`: the hashes of all files of the run, and the run that closed before it.', {
      schemaVersion: { description: 'The version of this format.', const: SCHEMA_VERSION },
      phase: text('The phase, `uninstall`, `rollback` or `prune`.'),
      run: text('The name of the run’s folder: the UTC time of its start.'),
      closedAt: time('The end of the run.'),
      files: {
        description:
          'Every file of the run but the manifest and its signature: the path below the folder, and its SHA-256.',
        type: 'object',
        additionalProperties: HASH,
      },
      previous: {
        description:
          'The run of any phase that closed before; null for the first one. Without a phase, in manifests of earlier versions: the run of the same phase.',
        anyOf: [
          objectOf<NonNullable<Manifest['previous']>>('A run.', {
            phase: { optional: text('Its phase.') },
            run: text('The name of its folder.'),
            sha256: { ...HASH, description: 'The SHA-256 of its manifest.' },
          }),
          { type: 'null' },
        ],
      },
      joined: {
        optional: list('Ends of the chains of earlier versions that this run joins to the one chain.', CHAIN_LINK),
      },
      signed: { optional: { description: 'The run was to be signed, in manifest.json.sig.', const: true } },
    }),
  );
}
