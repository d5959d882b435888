import { described, documentSchema, objectOf, type JsonSchema } from '../../../core/json-schema.ts';
import type { StepVerb } from '../../../core/recorder.ts';
import type { Fact } from '../../../plan/basis.ts';
import {
  PLAN_VERSION,
  type PlannedChange,
  type PlannedHost,
  type PlanOptions,
  type PlanProgram,
  type SavedPlan,
} from './document.ts';

const { text, time, list } = described;
const flag = (description: string): JsonSchema & { readonly optional?: never } => ({ description, type: 'boolean' });
const hash = (description: string): JsonSchema & { readonly optional?: never } => ({
  description,
  type: 'string',
  pattern: '^[0-9a-f]{64}$',
});

const VERB = described.word<StepVerb>('The kind of the step.', {
  create: 'makes something new',
  send: 'sends a file',
  copy: 'copies files on the host',
  write: 'writes a file',
  change: 'changes owner, mode or an account',
  switch: 'switches to another release',
  enable: 'enables units',
  start: 'starts the service',
  restart: 'restarts it',
  reload: 'reloads it',
  stop: 'stops it',
  remove: 'removes something',
  check: 'changes nothing',
});

const STEP = objectOf<PlannedChange>('A step.', {
  id: text('Its id.'),
  title: text('The change in words.'),
  detail: text('The reason: expected and found, or the difference. A secret is never in it.'),
  verb: VERB,
});

const FACT = objectOf<Fact>('A value that the plan rests on.', {
  path: list('Its place.', { type: 'string' }),
  hash: hash('Its keyed hash.'),
  value: {
    optional: {
      description: 'The value, where it can be no secret; null: nothing was there.',
      type: ['string', 'number', 'boolean', 'null'],
    },
  },
});

const HOST = objectOf<PlannedHost>(
  'The plan of a host. Its hashes, but for those of `files`, are keyed with a number that only the host has.',
  {
    host: text('Its name in the inventory.'),
    machine: hash('The keyed hash of the machine’s own number: another machine under the same name is refused.'),
    steps: list('The steps in order; none if nothing differs.', STEP),
    files: list(
      'The rendered files.',
      objectOf<PlannedHost['files'][number]>('A file as it will be.', {
        path: text('Its path on the host.'),
        sha256: { optional: hash('Its SHA-256; absent for a file with a secret.') },
      }),
    ),
    facts: list('The state of the host that the plan rests on.', FACT),
    wanted: list('The variables, the rendered files and the release that the plan rests on.', FACT),
    plan: hash('The keyed hash of the steps with all that they do.'),
  },
);

/** The schema of the file of `hxllm enforce --dry-run --out`. */
export function savedPlanSchema(): JsonSchema {
  return documentSchema(
    'plan',
    'A saved plan',
    objectOf<SavedPlan>('The file of `hxllm enforce --dry-run --out`, which `hxllm enforce --plan` applies.', {
      schemaVersion: { description: 'The version of this format.', const: PLAN_VERSION },
      program: objectOf<PlanProgram>('The hxllm that made the plan. No other one applies it.', {
        name: { description: 'The program.', const: 'hxllm' },
        version: text('Its version.'),
        committed: { optional: text('The date of its commit.') },
        gateway: hash('The SHA-256 of the gateway that it sends.'),
      }),
      madeAt: time('When the plan was made.'),
      madeBy: text('User and machine, such as `ada@workstation`.'),
      timestamp: text('The time in the name of the folder for replaced files.'),
      options: objectOf<PlanOptions>('The options that the plan depends on.', {
        takeOver: flag('`--take-over`.'),
        allowDowngrade: flag('`--allow-downgrade`.'),
      }),
      salt: text('A random word in the keys of the hashes.'),
      hosts: list('The hosts, in the order of the inventory.', HOST),
      sha256: hash('The SHA-256 of all else, by which damage and edits are found.'),
    }),
  );
}
