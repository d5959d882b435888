import { documentSchema, type JsonSchema } from '../../core/json-schema.ts';
import { DOCUMENT_VERSION } from './document.ts';

const text = (description: string): JsonSchema => ({ description, type: 'string' });
const texts = (description: string): JsonSchema => ({ description, type: 'array', items: { type: 'string' } });
const orNull = (description: string, type: 'string' | 'number' | 'integer' | 'boolean'): JsonSchema => ({
  description,
  type: [type, 'null'],
});
const count = (description: string): JsonSchema => ({ description, type: 'integer', minimum: 0 });

/** The limits and budgets that keys and teams have alike. */
const LIMITS: Readonly<Record<string, JsonSchema>> = {
  models: texts('The models, patterns and access groups that may be used; empty: all.'),
  rpm_limit: orNull('The most requests in any 60 seconds.', 'integer'),
  tpm_limit: orNull('The most tokens in any 60 seconds.', 'integer'),
  max_parallel_requests: orNull('The most requests under way at once.', 'integer'),
  max_budget: orNull('The most money in a period of `budget_duration`.', 'number'),
  budget_duration: orNull('The period of budgets: `30d`, `1mo` …', 'string'),
  metadata: { description: 'Anything that was sent.', type: 'object' },
  blocked: orNull('Whether it is blocked.', 'boolean'),
};

const KEY = row('A key as `/key/info` shows it; further fields of LiteLLM are given back as they were sent.', {
  key_id: text('Its id, which outlives rotations; of a key of `litellm_keys` its name.'),
  key_alias: orNull('Its name.', 'string'),
  key_name: orNull('The end of its text, for people.', 'string'),
  team_id: orNull('The id of its team.', 'string'),
  user_id: orNull('The id of its user.', 'string'),
  expires: orNull('When it ends, as ISO 8601; null: never.', 'string'),
  status: { description: 'Its state.', enum: ['active', 'expired', 'revoked', 'deleted'] },
  ...LIMITS,
});

const TEAM = row('A team as `/team/info` shows it; further fields of LiteLLM are given back as they were sent.', {
  team_id: text('Its id; of a team of `litellm_teams` its name.'),
  team_alias: orNull('Its name.', 'string'),
  members_with_roles: {
    description: 'Its members.',
    type: 'array',
    items: { type: 'object', properties: { role: text('`admin` or `user`.') }, required: ['role'] },
  },
  ...LIMITS,
});

const LEFT = {
  description: 'A row of a table that was left out, and why.',
  type: 'object',
  properties: {
    file: text('The table.'),
    row: count('The number of the row, from 1.'),
    name: text('The name in it.'),
    reason: text('Why it was left out.'),
  },
  required: ['file', 'row', 'name', 'reason'],
  additionalProperties: false,
} as const satisfies JsonSchema;

/** The schema of `hxllm keys … --json`, but for `keys new`. */
export function keysDocumentSchema(): JsonSchema {
  return documentSchema('keys', 'Keys of clients', {
    description: 'The documents of `hxllm keys … --json`. `keys new` prints one of `json-output.schema.json`.',
    anyOf: [
      answer('All keys that were asked for.', ['keys list'], {
        keys: { description: 'Those of `litellm_keys` first.', type: 'array', items: { $ref: '#/$defs/key' } },
      }),
      answer('A key.', ['keys show', 'keys edit', 'keys block', 'keys unblock'], { key: { $ref: '#/$defs/key' } }),
      answer('A key with its text, which is shown only here.', ['keys create', 'keys rotate'], {
        key: {
          ...KEY,
          properties: { ...KEY.properties, key: text('The key itself.') },
          required: [...(KEY.required ?? []), 'key'],
        },
      }),
      answer('Keys that are deleted.', ['keys delete'], { deleted: texts('Their names.') }),
      answer('An import.', ['keys import'], {
        keys: count('Keys that were taken.'),
        teams: count('Teams that were made.'),
        left: { description: 'Rows that were left out.', type: 'array', items: LEFT },
        left_columns: texts('Columns that were left out of every row.'),
        ignored_fields: texts('Fields that are kept without effect.'),
      }),
    ],
    $defs: { key: KEY },
  });
}

/** The schema of `hxllm teams … --json`. */
export function teamsDocumentSchema(): JsonSchema {
  const changes = ['create', 'show', 'edit', 'block', 'unblock', 'add-member', 'remove-member'];
  return documentSchema('teams', 'Teams of keys', {
    description: 'The documents of `hxllm teams … --json`.',
    anyOf: [
      answer('All teams.', ['teams list'], {
        teams: { description: 'Those of `litellm_teams` first.', type: 'array', items: { $ref: '#/$defs/team' } },
      }),
      answer(
        'A team.',
        changes.map((verb) => `teams ${verb}`),
        { team: { $ref: '#/$defs/team' } },
      ),
      answer('A team that is deleted, with its keys.', ['teams delete'], { deleted: texts('Its id.') }),
    ],
    $defs: { team: TEAM },
  });
}

function answer(
  description: string,
  commands: readonly string[],
  properties: Readonly<Record<string, JsonSchema>>,
): JsonSchema {
  const head: Readonly<Record<string, JsonSchema>> = {
    schemaVersion: { description: 'The version of this format.', const: DOCUMENT_VERSION },
    program: {
      description: 'The program that wrote the document.',
      type: 'object',
      properties: { name: text('`hxllm`.'), version: text('Its version.') },
      required: ['name', 'version'],
    },
    command: { description: 'The command.', enum: commands },
  };
  return {
    description,
    type: 'object',
    properties: { ...head, ...properties },
    required: Object.keys({ ...head, ...properties }),
    additionalProperties: false,
  };
}

function row(description: string, properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { description, type: 'object', properties, required: Object.keys(properties) };
}
