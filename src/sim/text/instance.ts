import { isObject, type Json } from '../../core/json.ts';
import type { Random } from './random.ts';

const WORDS = ['harbour', 'lantern', 'river', 'bridge', 'garden'];

/**
 * Creates a value that fits a JSON schema, as Ollama's grammar forces a model to. It supports the parts of JSON Schema
 * that clients send.
 */
export function instanceOf(schema: unknown, random: Random, root: unknown = schema, depth = 0): unknown {
  if (!isObject(schema) || depth > 12) return {};
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'][random.below(schema['enum'].length)] as unknown;
  if (typeof schema['$ref'] === 'string') return instanceOf(resolve(schema['$ref'], root), random, root, depth + 1);
  for (const key of ['anyOf', 'oneOf', 'allOf'])
    if (Array.isArray(schema[key])) return instanceOf(schema[key][0], random, root, depth + 1);
  const type: unknown = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  switch (type) {
    case 'string':
      return random.pick(WORDS);
    case 'integer':
    case 'number':
      return numberOf(schema['minimum']) ?? random.below(100);
    case 'boolean':
      return random.below(2) === 1;
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: numberOf(schema['minItems']) ?? 1 }, () =>
        instanceOf(schema['items'], random, root, depth + 1),
      );
    default:
      return objectOf(schema, random, root, depth);
  }
}

function objectOf(schema: Json, random: Random, root: unknown, depth: number): unknown {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, instanceOf(property, random, root, depth + 1)]),
  );
}

function resolve(reference: string, root: unknown): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>((at, part) => (isObject(at) ? at[part] : undefined), root);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
