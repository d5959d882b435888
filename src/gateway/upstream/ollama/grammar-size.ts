import { isObject, type Json } from '../../json.ts';

/**
 * The most characters of a grammar in Ollama 0.22.1 (llama/llama.go, `SchemaToGrammar`): four times the length of its schema, from 32,768
 * to 1 MiB. It cuts a longer one, and a cut grammar kills the runner with all its responses.
 */
const SMALLEST = 32_768;
const LARGEST = 1_048_576;
const TIMES = 4;

/**
 * A schema long enough for its grammar: a comment of spaces makes up the length. `undefined` if its grammar is longer than any may be.
 */
export function withRoom(schema: Json): Json | undefined {
  const needed = grammarLength(schema);
  if (needed <= SMALLEST) return schema;
  if (needed > LARGEST) return undefined;
  const missing = Math.ceil(needed / TIMES) - JSON.stringify(schema).length;
  return missing <= 0 ? schema : { ...schema, $comment: ' '.repeat(missing) };
}

// An upper bound. A rule is called after the path to its part, so names grow with depth.
function grammarLength(schema: Json): number {
  const definitions: Json = isObject(schema['$defs']) ? schema['$defs'] : {};
  return Object.entries(definitions).reduce(
    (sum, [name, part]) => sum + sizeOfPart(part, name.length + 12),
    2000 + sizeOfPart(schema, 4),
  );
}

function sizeOfPart(schema: unknown, name: number): number {
  if (!isObject(schema)) return 0;
  const { $ref: ref, anyOf, enum: list, const: constant, properties, additionalProperties: others } = schema;
  const { items, prefixItems, pattern, type } = schema;
  let size = 3 * name + 60;
  if (typeof ref === 'string') size += ref.length + 20;
  if (Array.isArray(type)) size += type.length * (name + 100);
  for (const [at, part] of (Array.isArray(anyOf) ? anyOf : []).entries())
    size += name + 20 + sizeOfPart(part, name + 15 + String(at).length);
  if (list !== undefined || constant !== undefined) size += 2 * JSON.stringify(list ?? constant).length + 10;
  if (typeof pattern === 'string') size += 10 * pattern.length;
  if (schema['minimum'] !== undefined || schema['maximum'] !== undefined) size += 3000;
  if (isObject(items)) size += sizeOfPart(items, name + 6);
  for (const [at, part] of (Array.isArray(prefixItems) ? prefixItems : []).entries())
    size += name + 25 + sizeOfPart(part, name + 8 + String(at).length);
  for (const [property, part] of Object.entries(isObject(properties) ? properties : {})) {
    const below = name + 1 + property.length;
    // Its own rule, its key's, and those of all that may follow it; with other keys allowed, also a choice for each character.
    size += 12 * below + 110 + (others === undefined || others === false ? 0 : 40 * property.length);
    size += sizeOfPart(part, below);
  }
  return size + (others === undefined || others === false ? 0 : 10 * name + 300 + sizeOfPart(others, name + 20));
}
