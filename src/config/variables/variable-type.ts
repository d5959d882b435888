import type { JsonSchema } from '../../core/json-schema.ts';
import { descriptionText, type KeyDescription } from '../../core/key-description.ts';

/** The type of a variable, for the documentation and for editors. The readers beside this file judge values. */
export interface VariableType {
  /** Completes "expected …". */
  readonly expected: string;
  readonly schema: JsonSchema;
}

/** One variable that hxllm reads, or one key of an entry: its type and its description. */
export interface VariableRecord extends KeyDescription {
  readonly type: VariableType;
  /** Whether an entry must have the key. */
  readonly required?: true;
}

// A template, `{{ other_variable }}`, and an encrypted value (`!vault`) may stand for any value.
const TEMPLATE = String.raw`(?:[\s\S]*\{\{|\$ANSIBLE_VAULT;)[\s\S]*`;

function typeOf(expected: string, schema: JsonSchema, ...alternatives: readonly string[]): VariableType {
  const pattern = `^(?:${[...alternatives, TEMPLATE].join('|')})$`;
  return { expected, schema: { ...schema, pattern, patternErrorMessage: `Expected ${expected}.` } };
}

/** A text that matches `regex` from its first character to its last. */
export function text(expected: string, regex: string): VariableType {
  return typeOf(expected, { type: 'string' }, regex);
}

/** One of the given words. */
export function word(...words: readonly string[]): VariableType {
  const { expected, schema } = typeOf(words.join(' or '), { type: 'string' });
  return { expected, schema: { anyOf: [{ enum: words }, schema] } };
}

/** A whole number, also in quotes, where its limits are not compared. */
export function integer(minimum: number, maximum: number): VariableType {
  const expected = `a whole number from ${String(minimum)} to ${String(maximum)}`;
  return typeOf(expected, { type: ['integer', 'string'], minimum, maximum }, String.raw`\s*\d+\s*`);
}

/** A boolean in any of Ansible's spellings. */
export const flag: VariableType = typeOf(
  'true or false',
  { type: ['boolean', 'integer', 'string'], minimum: 0, maximum: 1 },
  String.raw`\s*(?:[Yy](?:[Ee][Ss])?|[Nn][Oo]?|[Oo][Nn]|[Oo][Ff][Ff]|[01])\s*`,
  String.raw`\s*(?:[Tt](?:[Rr][Uu][Ee])?|[Ff](?:[Aa][Ll][Ss][Ee])?)\s*`,
);

/** Seconds as a number, or a duration as Go writes it. */
export const secondsOrDuration: VariableType = typeOf(
  'seconds, or a duration such as 30m',
  { type: ['number', 'string'] },
  String.raw`-?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+`,
);

/** A mapping of any values. */
export const mapping: VariableType = typeOf('a mapping', { type: ['object', 'string'] });

/** A list with at least so many entries. */
export function listOf(expected: string, items: JsonSchema, minItems = 1): VariableType {
  return typeOf(expected, { type: ['array', 'string'], minItems, items });
}

/** The schema of an entry with these keys and no others. */
export function entrySchema(keys: Readonly<Record<string, VariableRecord>>): JsonSchema {
  return {
    type: 'object',
    properties: propertiesOf(keys),
    required: Object.keys(keys).filter((name) => keys[name]?.required === true),
    additionalProperties: false,
  };
}

/** The schema of each variable or key, by name. */
export function propertiesOf(records: Readonly<Record<string, VariableRecord>>): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    Object.entries(records).map(([name, record]) => [
      name,
      {
        description: descriptionText(record),
        ...record.type.schema,
        ...(record.default === undefined ? {} : { default: record.default }),
        ...(record.example === undefined ? {} : { examples: [record.example] }),
      },
    ]),
  );
}
