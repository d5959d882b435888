import { isObject } from '../../core/json.ts';
import type { JsonSchema, JsonType } from '../../core/json-schema.ts';

/**
 * The path of the first part of a document that is missing, or is another one than its schema says; `undefined`: there is none. Parts that
 * the schema does not name are left alone: a newer gateway may write more.
 */
export function otherPart(value: unknown, schema: JsonSchema, path = ''): string | undefined {
  const { const: only, enum: words, pattern, minimum, items, properties = {}, required = [] } = schema;
  const isAnother =
    (only !== undefined && value !== only) ||
    (words !== undefined && !words.includes(value)) ||
    (schema.type !== undefined && ![schema.type].flat().some((type) => isOfType(value, type))) ||
    (pattern !== undefined && typeof value === 'string' && !new RegExp(pattern).test(value)) ||
    (minimum !== undefined && typeof value === 'number' && value < minimum);
  if (isAnother) return path;
  if (Array.isArray(value) && items !== undefined)
    for (const [index, one] of value.entries()) {
      const found = otherPart(one, items, `${path}[${String(index)}]`);
      if (found !== undefined) return found;
    }
  if (isObject(value))
    for (const [name, of] of Object.entries(properties)) {
      const below = path === '' ? name : `${path}.${name}`;
      if (value[name] === undefined && required.includes(name)) return below;
      const found = value[name] === undefined ? undefined : otherPart(value[name], of, below);
      if (found !== undefined) return found;
    }
  return undefined;
}

function isOfType(value: unknown, type: JsonType): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
  }
}
