import { documentSchema, type JsonSchema } from '../core/json-schema.ts';
import { descriptionText } from '../core/key-description.ts';
import type { Key } from './section.ts';
import { DOCUMENT, type DocumentSection } from './sections/sections.ts';

/** The JSON Schema of `config.yaml`. It accepts every document that `readGatewayConfig` reads without an unknown key. */
export function configYamlSchema(): JsonSchema {
  return documentSchema('config.yaml', 'config.yaml of the hxllm gateway', {
    description: 'LiteLLM’s format. Keys that hxllm ignores are accepted and not suggested; unknown ones are refused.',
    ...mappingSchema([]),
  });
}

function mappingSchema(path: readonly string[]): JsonSchema {
  const section = DOCUMENT.find((known) => samePath(known.path, path));
  if (section === undefined) return {};
  return {
    type: 'object',
    ...(section.required === undefined ? {} : { required: section.required }),
    properties: Object.fromEntries(
      Object.entries(section.keys).map(([name, key]) => [name, keySchema(name, key, section)]),
    ),
    ...(section.otherKeys === 'ignored' ? { additionalProperties: false } : {}),
  };
}

function keySchema(name: string, key: Key<unknown>, { path, required = [] }: DocumentSection): JsonSchema {
  const own = withNested({ ...key.kind.schema, ...key.shape }, nestedSchema([...path, name], key.kind.schema.type));
  return {
    description: descriptionText(key),
    // A key without a value counts as absent.
    ...(required.includes(name) ? own : orNull(own)),
    ...(own.pattern === undefined ? {} : { patternErrorMessage: `Expected ${key.kind.expected}.` }),
    ...(key.default === undefined || key.inherits !== undefined ? {} : { default: key.default }),
    ...(key.example === undefined ? {} : { examples: [key.example] }),
    ...(key.honoured ? {} : { doNotSuggest: true }),
  };
}

// A key that is a mapping or a word has its nested keys in the mapping.
function withNested(own: JsonSchema, nested: JsonSchema): JsonSchema {
  return own.anyOf === undefined || nested.type === undefined
    ? { ...own, ...nested }
    : { ...own, anyOf: own.anyOf.map((one) => (one.type === 'object' ? { ...one, ...nested } : one)) };
}

/** The schema of the mapping below a key, or of the entries of its list or mapping. */
function nestedSchema(path: readonly string[], type: JsonSchema['type']): JsonSchema {
  const entries = mappingSchema([...path, '*']);
  if (entries.type === undefined) return mappingSchema(path);
  return type === 'array' ? { items: entries } : { additionalProperties: orNull(entries) };
}

function orNull(schema: JsonSchema): JsonSchema {
  if (schema.anyOf !== undefined) return { ...schema, anyOf: [...schema.anyOf, { type: 'null' }] };
  if (schema.type === undefined) return schema;
  return { ...schema, type: [schema.type, 'null'].flat() as NonNullable<JsonSchema['type']> };
}

function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
}
