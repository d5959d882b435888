import { described, documentSchema, objectOf, type JsonSchema, type PropertiesOf } from '../../core/json-schema.ts';
import type { GroupTree } from '../../config/inventory/listing.ts';
import type { Replayed, ReplayRow } from '../../simulation/replay/replay.ts';
import type { ServiceState } from '../actions/service.ts';
import type { TrustedHost } from './host-keys.ts';

const { text, count, list, word, duration } = described;
const VERSION = { description: 'The version of this format.', const: 1 };
const flag = (description: string): JsonSchema & { readonly optional?: never } => ({ description, type: 'boolean' });
const number = (description: string): JsonSchema & { readonly optional?: never } => ({ description, type: 'number' });

/** A document with a version, as a schema. */
function answer<T>(name: string, title: string, description: string, properties: PropertiesOf<T>): JsonSchema {
  return documentSchema(
    name,
    title,
    // The version stands before the properties of each document.
    objectOf<{ readonly schemaVersion: 1 } & T>(description, { schemaVersion: VERSION, ...properties } as PropertiesOf<
      { readonly schemaVersion: 1 } & T
    >),
  );
}

/** The schema of `hxllm service status --json`. */
export function serviceDocumentSchema(): JsonSchema {
  return answer<{ readonly services: readonly ServiceState[] }>(
    'service',
    'The services of hosts',
    'The document of `hxllm service status --json`.',
    {
      services: list(
        'The hosts that answered, in the order of the inventory.',
        objectOf<ServiceState>('The service of a host.', {
          host: text('The name of the host.'),
          installed: flag('Whether the unit, or the program, is there.'),
          active: text('`active`, `inactive`, `failed` …: a word of systemd.'),
          sub: text('`running`, `dead` …: a word of systemd.'),
          since: { optional: text('Since when it is active, as systemd writes it.') },
          pid: { optional: count('The process; absent if there is none.') },
          instances: list('The instances, as the gateway’s control socket describes them.', {
            description: 'An instance.',
            type: 'object',
          }),
        }),
      ),
    },
  );
}

/** The schema of `hxllm backend list|drain|undrain --json`. */
export function backendDocumentSchema(): JsonSchema {
  return answer<{ readonly hosts: readonly { readonly host: string }[] }>(
    'backend',
    'The servers of gateways',
    'The document of `hxllm backend … --json`.',
    {
      hosts: list('The hosts that answered, in the order of the inventory.', {
        description: 'A host. Beside its name it has what its gateway answers: `backends` of a list, else `backend`.',
        type: 'object',
        properties: { host: text('The name of the host.') },
        required: ['host'],
      }),
    },
  );
}

interface TrustDocument {
  readonly hosts: readonly {
    readonly name: string;
    readonly state: TrustedHost['state'];
    readonly knownAs?: string;
    readonly file?: string;
    readonly keys?: readonly TrustedKey[];
  }[];
}

interface TrustedKey {
  readonly type: string;
  readonly fingerprint: string;
  readonly state: 'known' | 'new' | 'changed' | 'revoked';
  readonly file?: string;
  readonly line?: number;
}

/** The schema of `hxllm trust --json`. */
export function trustDocumentSchema(): JsonSchema {
  const key = objectOf<TrustedKey>('A key.', {
    type: text('Its type, such as `ssh-ed25519`.'),
    fingerprint: text('Its fingerprint, `SHA256:…`.'),
    state: word<TrustedKey['state']>('The state by known_hosts, before the command.', {
      known: 'it has the key',
      new: 'it has none of the host',
      changed: 'it has another one',
      revoked: 'it is revoked',
    }),
    file: { optional: text('The file that knows, contradicts or revokes it.') },
    line: { optional: count('Its line there, from 1.') },
  });
  return answer<TrustDocument>('trust', 'The SSH keys of hosts', 'The document of `hxllm trust --json`.', {
    hosts: list(
      'The hosts, in the order of the command line.',
      objectOf<TrustDocument['hosts'][number]>('A host.', {
        name: text('Its name in the inventory, or its address.'),
        state: word<TrustedHost['state']>('The outcome.', {
          added: 'its keys were added',
          known: 'its keys were known',
          declined: 'the operator said no',
          unconfirmed: 'there was nobody to ask',
          refused: 'a key has changed or is revoked',
          unreachable: 'it did not answer',
          failed: 'the file could not be written',
          local: 'it needs no SSH',
          skipped: 'a jump host on the way was not recorded',
        }),
        knownAs: { optional: text('The name in known_hosts.') },
        file: { optional: text('The file that the keys belong in.') },
        keys: { optional: list('The keys that it showed.', key) },
      }),
    ),
  });
}

/** The schema of `hxllm inventory graph --json`. */
export function graphDocumentSchema(): JsonSchema {
  const group = objectOf<GroupTree>('A group.', {
    name: text('Its name.'),
    children: list('The groups in it.', { $ref: '#/$defs/group' }),
    hosts: list('The hosts that are in it directly.', { type: 'string' }),
  });
  return {
    ...answer<GroupTree>(
      'inventory-graph',
      'The groups of an inventory',
      'The document of `hxllm inventory graph --json`.',
      {
        name: text('The group at the top.'),
        children: list('The groups in it.', { $ref: '#/$defs/group' }),
        hosts: list('The hosts that are in it directly.', { type: 'string' }),
      },
    ),
    $defs: { group },
  };
}

interface ExplanationDocument {
  readonly host: string;
  readonly variables: readonly {
    readonly name: string;
    readonly definitions: readonly {
      readonly counts: boolean;
      readonly source?: string;
      readonly file?: string;
      readonly line?: number;
      readonly shown: string;
      readonly encrypted: boolean;
      readonly rule: string;
      readonly overriddenBecause?: string;
    }[];
  }[];
  readonly lockedFiles: readonly string[];
  readonly hiddenFiles: readonly { readonly file: string; readonly by: string }[];
}

/** The schema of `hxllm inventory explain --json`. */
export function explainDocumentSchema(): JsonSchema {
  const definition = objectOf<ExplanationDocument['variables'][number]['definitions'][number]>('A definition.', {
    counts: flag('Whether it is the one that counts.'),
    source: { optional: text('Its source, if that is no file.') },
    file: { optional: text('Its file.') },
    line: { optional: count('Its line, from 1.') },
    shown: text('Its value; `[redacted]` or the like if it is secret.'),
    encrypted: flag('Whether it is in a vault.'),
    rule: text('The rule of Ansible that gives it its rank.'),
    overriddenBecause: { optional: text('The reason why another one counts.') },
  });
  return answer<ExplanationDocument>(
    'inventory-explain',
    'The variables of a host',
    'The document of `hxllm inventory explain --json`.',
    {
      host: text('The host.'),
      variables: list(
        'Its variables.',
        objectOf<ExplanationDocument['variables'][number]>('A variable.', {
          name: text('Its name.'),
          definitions: list('Its definitions, the one that counts first.', definition),
        }),
      ),
      lockedFiles: list('Encrypted files without a password.', { type: 'string' }),
      hiddenFiles: list(
        'Files that Ansible never reads.',
        objectOf<ExplanationDocument['hiddenFiles'][number]>('A file.', {
          file: text('Its path.'),
          by: text('The file that comes before it.'),
        }),
      ),
    },
  );
}

/** The schema of `hxllm fleet --replay FILE --json`. */
export function replayDocumentSchema(): JsonSchema {
  const score = objectOf<ReplayRow['score']>('Its figures.', {
    requests: count('Requests.'),
    met: number('Percent that were answered to their end, with the first token in time.'),
    served: number('Percent that were answered.'),
    p50: duration('Median time to the first token of people, in s; 60 without an answer.'),
    p95: duration('The 95th percentile of it, in s.'),
    loads: count('Loads of models.'),
    needless: count('Loads while a free slot could serve, or whose copy left the memory unused.'),
    byChat: count('Loads inside a chat.'),
    polite: { optional: number('`met` of the callers whose keys begin with `polite`, where there are such.') },
  });
  return answer<Replayed>(
    'fleet-replay',
    'A trace that was played again',
    'The document of `hxllm fleet --replay FILE --json`.',
    {
      rows: list(
        'A course of the same requests each: as it happened, simulated, and with other servers.',
        objectOf<ReplayRow>('A course.', { title: text('Its name.'), score }),
      ),
      seconds: duration('The duration of the trace, in s.'),
      end: { optional: text('How the trace ended; absent if it was cut off.') },
      otherFromLine: {
        optional: count('The line from which this hxllm decides otherwise than the one that recorded the trace.'),
      },
    },
  );
}
