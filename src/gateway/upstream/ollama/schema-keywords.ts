import type { Json } from '../../json.ts';

/** Keywords that limit a value, with the type that they concern; the others describe it, or belong to one of these. */
export const CONSTRAINTS: Readonly<Record<string, string>> = {
  ...ofType('any', 'type $ref $dynamicRef $recursiveRef anyOf oneOf allOf not if const enum'),
  ...ofType('object', 'properties required additionalProperties patternProperties propertyNames unevaluatedProperties'),
  ...ofType('object', 'minProperties maxProperties dependentRequired dependentSchemas dependencies'),
  ...ofType('array', 'items prefixItems minItems maxItems uniqueItems contains unevaluatedItems'),
  ...ofType('string', 'pattern minLength maxLength format'),
  ...ofType('number', 'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf'),
};

function ofType(type: string, names: string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, type]));
}

const TYPES: ReadonlySet<unknown> = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']);

/** The types of a schema. Without `type`, the type that its keywords concern: the grammar then has only values of that type. */
export function typesOf(schema: Json): readonly unknown[] | undefined {
  const { type } = schema;
  if (Array.isArray(type)) return type.length === 0 ? undefined : [...new Set<unknown>(type)];
  if (type !== undefined) return [type];
  const concerned = constraintsIn(schema)
    .map((keyword) => CONSTRAINTS[keyword])
    .find((each) => each !== 'any');
  return concerned === undefined ? undefined : [concerned];
}

/** The keywords of a schema that limit a value. */
export function constraintsIn(schema: Json): readonly string[] {
  return Object.keys(schema).filter((keyword) => Object.hasOwn(CONSTRAINTS, keyword) && schema[keyword] !== undefined);
}

/** Whether a type is one of those that a schema allows; `integer` is a `number`. */
export function isWithin(type: unknown, allowed: unknown): boolean {
  const list: readonly unknown[] = Array.isArray(allowed) ? allowed : [allowed];
  if (!TYPES.has(type)) return false;
  return list.includes(type) || (type === 'integer' && list.includes('number'));
}

/** The type of a value as JSON Schema names it. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** Whether a value has a key `$ref`, which llama.cpp takes for a reference also there. */
export function hasReference(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '$ref') || Object.values(value).some(hasReference);
}
