import type { JsonSchema } from '../../core/json-schema.ts';
import { descriptionText, type KeyDescription } from '../../core/key-description.ts';

/** One variable that hxllm reads, or one key of an entry: its type for editors, and its description. */
export interface VariableRecord extends KeyDescription {
  readonly type: JsonSchema;
  /** Whether an entry must have the key. */
  readonly required?: true;
}

// A template, `{{ other_variable }}`, and an encrypted value (`!vault`) may stand for any value.
const TEMPLATE = String.raw`(?:[\s\S]*\{\{|\$ANSIBLE_VAULT;)[\s\S]*`;

function pattern(...alternatives: readonly string[]): string {
  return `^(?:${[...alternatives, TEMPLATE].join('|')})$`;
}

/** A text that is as `regex` says from its first character to its last. */
export function text(regex: string): JsonSchema {
  return { type: 'string', pattern: pattern(regex) };
}

/** One of the given words. */
export function word(...words: readonly string[]): JsonSchema {
  return { anyOf: [{ enum: words }, { type: 'string', pattern: pattern() }] };
}

/** A whole number, also in quotes, where its limits are not compared. */
export function integer(minimum: number, maximum: number): JsonSchema {
  return { type: ['integer', 'string'], minimum, maximum, pattern: pattern(String.raw`\s*\d+\s*`) };
}

/** A boolean in any of Ansible's spellings. */
export const flag: JsonSchema = {
  type: ['boolean', 'integer', 'string'],
  minimum: 0,
  maximum: 1,
  pattern: pattern(
    String.raw`\s*(?:[Yy](?:[Ee][Ss])?|[Nn][Oo]?|[Oo][Nn]|[Oo][Ff][Ff]|[Tt](?:[Rr][Uu][Ee])?|[Ff](?:[Aa][Ll][Ss][Ee])?|[01])\s*`,
  ),
};

/** Seconds as a number, or a duration as Go writes it. */
export const secondsOrDuration: JsonSchema = {
  type: ['number', 'string'],
  pattern: pattern(String.raw`-?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+`),
};

/** A mapping of any values. */
export const mapping: JsonSchema = { type: ['object', 'string'], pattern: pattern() };

/** A list with at least one entry. */
export function listOf(items: JsonSchema): JsonSchema {
  return { type: ['array', 'string'], minItems: 1, items, pattern: pattern() };
}

/** An entry with these keys and no others. */
export function entryType(keys: Readonly<Record<string, VariableRecord>>): JsonSchema {
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
        ...record.type,
        ...(record.default === undefined ? {} : { default: record.default }),
        ...(record.example === undefined ? {} : { examples: [record.example] }),
      },
    ]),
  );
}
