import { described, documentSchema, objectOf, type JsonSchema } from '../../core/json-schema.ts';
import type { Json } from '../../core/json.ts';
import { printable } from '../../core/printable.ts';
import { tableLines } from './columns.ts';
import { csvLines } from './csv.ts';
import type { Paint } from './paint.ts';

const { text, count, list } = described;

/** The sums of a value, as `/usage` has them. */
interface UsageSums {
  readonly value: string;
  readonly name: string;
  readonly requests: number;
  readonly unanswered: number;
  readonly lost: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly cost: number;
}

/** The document of `hxllm usage --json`. */
interface UsageDocument {
  readonly schemaVersion: 1;
  readonly program: { readonly name: string; readonly version: string };
  readonly command: 'usage';
  readonly by: string;
  readonly since: string;
  readonly until: string;
  readonly rows: readonly UsageSums[];
}

const FIGURES = ['requests', 'unanswered', 'prompt_tokens', 'completion_tokens', 'total_tokens', 'cost'] as const;
const HEAD = ['REQUESTS', 'UNANSWERED', 'PROMPT', 'COMPLETION', 'TOKENS', 'COST'];

/** The sums as a table, with a line for all of them unless one request may be in several, as with tags. */
export function usageTable(by: string, rows: readonly Json[], paint: Paint, columns: number): readonly string[] {
  if (rows.length === 0)
    return [
      'no usage in this time: requests are recorded once there is a key of a client, or with hxllm.usage.record: always',
    ];
  const total = FIGURES.map((name) => rows.reduce((sum, row) => sum + numberOf(row[name]), 0));
  const head = [by.toUpperCase(), ...HEAD];
  const line = (name: string, figures: readonly number[]): readonly string[] => [
    printable(name),
    ...figures.map((figure) => String(Number(figure.toFixed(6)))),
  ];
  return tableLines(
    [
      { cells: head, styles: head.map(() => paint.dim) },
      ...rows.map((row) => ({
        cells: line(
          String(row['name']),
          FIGURES.map((name) => numberOf(row[name])),
        ),
      })),
      ...(by === 'tag' ? [] : [{ cells: line('all', total) }]),
    ],
    columns,
  );
}

/** The sums as CSV. */
export function usageCsv(by: string, rows: readonly Json[]): readonly string[] {
  const names = [
    by,
    'name',
    'requests',
    'unanswered',
    'lost',
    'prompt_tokens',
    'completion_tokens',
    'total_tokens',
    'cost',
  ];
  return csvLines(
    names,
    rows.map((row) => ({ ...row, [by]: row['value'] })),
  );
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** The schema of `hxllm usage --json`. */
export function usageDocumentSchema(): JsonSchema {
  const number = (description: string): JsonSchema & { readonly optional?: never } => ({ description, type: 'number' });
  return documentSchema(
    'usage',
    'Usage of a gateway',
    objectOf<UsageDocument>('The document of `hxllm usage --json`.', {
      schemaVersion: { description: 'The version of this format.', const: 1 },
      program: objectOf<UsageDocument['program']>('The program that wrote it.', {
        name: text('Its name.'),
        version: text('Its version.'),
      }),
      command: { description: 'The command.', const: 'usage' },
      by: text('`day`, `key`, `team`, `user`, `model`, `backend` or `tag`.'),
      since: text('The first day, `YYYY-MM-DD`; days are those of UTC.'),
      until: text('The last day.'),
      rows: list(
        'The sums of a value each: days in their order, else the most tokens first.',
        objectOf<UsageSums>('The sums of a value.', {
          value: text('The day, id or name; empty: none.'),
          name: text('The value for people: of a key or team its alias.'),
          requests: count('Requests that were sent to a server.'),
          unanswered: count('Requests of these that did not come to their end.'),
          lost: count('Requests of these that the end of a gateway has cut.'),
          prompt_tokens: count('Tokens of prompts.'),
          completion_tokens: count('Tokens of answers.'),
          total_tokens: count('Both.'),
          cost: number('Their cost by the prices of the models.'),
        }),
      ),
    }),
  );
}
