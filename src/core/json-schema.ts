/** The keywords of JSON Schema, draft 2020-12, that hxllm writes. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly $ref?: string;
  readonly $comment?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: JsonType | readonly JsonType[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly items?: JsonSchema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema | false>>;
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  /** For the language servers of editors, which know more than the draft: the key is not among their suggestions. */
  readonly doNotSuggest?: true;
  /** For the same: the message for a text that does not match `pattern`. */
  readonly patternErrorMessage?: string;
}

/** The types that a JSON value can have. */
export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'null';

/** A whole document's schema: `name` becomes the last part of its `$id`, which is a name and no address. */
export function documentSchema(name: string, title: string, schema: JsonSchema): JsonSchema {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: `urn:hxllm:schema:${name}`, title, ...schema };
}

/** The comment in a YAML file that names its JSON Schema for editors (yaml-language-server): a URL, or a path from the file. */
export function schemaLine(reference: string): string {
  return `# yaml-language-server: $schema=${reference}`;
}

/** A property that may be absent. */
export interface Optional {
  readonly optional: JsonSchema;
}

/** A schema for each property of `T`; the compiler refuses one that is missing, one too many, and one that is wrongly optional. */
export type PropertiesOf<T> = {
  readonly [K in keyof T]-?: undefined extends T[K] ? Optional : JsonSchema & { readonly optional?: never };
};

/** The schema of an object as hxllm writes it: with these properties and no others. */
export function objectOf<T>(description: string, properties: PropertiesOf<T>): JsonSchema {
  // The mapped type loses what its values have in common.
  const entries = Object.entries(properties) as readonly (readonly [string, JsonSchema | Optional])[];
  return {
    description,
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([name, property]) => [name, 'optional' in property ? property.optional : property]),
    ),
    required: entries.filter(([, property]) => !('optional' in property)).map(([name]) => name),
    additionalProperties: false,
  };
}

/** Schemas of values with their description. `word` takes each word with its meaning, all words of a type `W`. */
export const described = {
  text: (description: string): JsonSchema => ({ description, type: 'string' }),
  count: (description: string): JsonSchema => ({ description, type: 'integer', minimum: 0 }),
  duration: (description: string): JsonSchema => ({ description, type: 'number', minimum: 0 }),
  time: (description: string): JsonSchema => ({
    description,
    type: 'string',
    pattern: String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`,
  }),
  word: <W extends string>(description: string, words: Readonly<Record<W, string>>): JsonSchema => ({
    description: `${description} ${Object.entries(words)
      .map(([word, meaning]) => `${word}: ${String(meaning)}`)
      .join('; ')}.`,
    enum: Object.keys(words),
  }),
  list: (description: string, items: JsonSchema): JsonSchema => ({ description, type: 'array', items }),
};
