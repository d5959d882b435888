import { isObject, type Json } from '../../json.ts';
import { integerLimits, isPlainPattern, lengthLimits } from './schema-limits.ts';

/** The parts of the translation that a schema of one type needs. */
export interface SchemaTranslation {
  /** Translates a part; `undefined` if no value is valid there. */
  readonly part: (schema: unknown) => Json | undefined;
  /** Records a keyword that the grammar does not hold to. */
  readonly unheld: (keyword: string) => void;
}

/** A schema that every value matches. llama.cpp reads `{}` as an object, and refuses other schemas without a type. */
export const ANY_VALUE: Json = { type: ['object', 'array', 'string', 'number', 'boolean', 'null'] };

/** Whether a schema is {@link ANY_VALUE}. */
export function isAny(schema: Json): boolean {
  return schema['type'] === ANY_VALUE['type'];
}

const STRING_FORMATS = /^(?:date|time|date-time|uuid[1-5]?)$/;

/** Translates a string. A pattern or a known format replaces the limits of the length (llama.cpp, `json-schema-to-grammar.cpp`). */
export function stringSchema(schema: Json, { unheld }: SchemaTranslation): Json {
  const { pattern, format, minLength, maxLength } = schema;
  const isPlain = typeof pattern === 'string' && isPlainPattern(pattern);
  const isKnown = typeof format === 'string' && STRING_FORMATS.test(format);
  if (pattern !== undefined && !isPlain) unheld('pattern');
  if (format !== undefined && (isPlain || !isKnown)) unheld('format');
  const { least, most, unheld: beyond } = lengthLimits(minLength, maxLength);
  const isReplaced = isPlain || isKnown;
  if (minLength !== undefined && (isReplaced || beyond.includes('least')) && minLength !== 0) unheld('minLength');
  if (maxLength !== undefined && (isReplaced || beyond.includes('most'))) unheld('maxLength');
  return {
    type: 'string',
    ...(isPlain ? { pattern } : isKnown ? { format } : {}),
    ...(least === undefined ? {} : { minLength: least }),
    ...(most === undefined ? {} : { maxLength: most }),
  };
}

const NUMBER_LIMITS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;

/** Translates a number or an integer: only integers are held to limits. */
export function numberSchema(schema: Json, type: 'number' | 'integer', { unheld }: SchemaTranslation): Json {
  const { multipleOf } = schema;
  if (multipleOf !== undefined && !(type === 'integer' && multipleOf === 1)) unheld('multipleOf');
  const limits = NUMBER_LIMITS.filter((name) => schema[name] !== undefined && schema[name] !== false);
  if (type === 'number') {
    for (const name of limits) unheld(name);
    return { type };
  }
  const { least, most, unheld: beyond } = integerLimits(schema);
  for (const name of limits) if (beyond.includes(/min/i.test(name) ? 'least' : 'most')) unheld(name);
  return {
    type,
    ...(least === undefined ? {} : { minimum: least }),
    ...(most === undefined ? {} : { maximum: most }),
  };
}

/** Translates an array. llama.cpp makes a tuple exactly as long as its list, and holds to lengths only beside `items`. */
export function arraySchema(schema: Json, translation: SchemaTranslation): Json {
  const { items, prefixItems, minItems, maxItems, unevaluatedItems } = schema;
  const { unheld } = translation;
  if (schema['uniqueItems'] === true) unheld('uniqueItems');
  for (const keyword of schema['contains'] === undefined ? [] : ['contains', 'minContains', 'maxContains'])
    if (schema[keyword] !== undefined) unheld(keyword);
  const tuple: unknown = Array.isArray(items) ? items : prefixItems;
  if (Array.isArray(tuple) && tuple.length > 0) {
    const parts = tuple.map((part: unknown) => translation.part(part));
    const end = parts.indexOf(undefined);
    const kept = end < 0 ? parts : parts.slice(0, end);
    if (typeof minItems === 'number' && minItems > kept.length) unheld('minItems');
    if (typeof maxItems === 'number' && maxItems < kept.length) unheld('maxItems');
    return kept.length === 0 ? { type: 'array', items: ANY_VALUE, maxItems: 0 } : { type: 'array', prefixItems: kept };
  }
  if (items === undefined && unevaluatedItems !== undefined && unevaluatedItems !== true) unheld('unevaluatedItems');
  const item = items === undefined ? undefined : translation.part(items);
  if (items !== undefined && item === undefined) {
    if (typeof minItems === 'number' && minItems > 0) unheld('minItems');
    return { type: 'array', items: ANY_VALUE, maxItems: 0 };
  }
  const { least, most, unheld: beyond } = lengthLimits(minItems, maxItems);
  if (beyond.includes('least')) unheld('minItems');
  if (beyond.includes('most')) unheld('maxItems');
  const isLimited = least !== undefined || most !== undefined;
  return {
    type: 'array',
    ...(item === undefined ? (isLimited ? { items: ANY_VALUE } : {}) : { items: item }),
    ...(least === undefined ? {} : { minItems: least }),
    ...(most === undefined ? {} : { maxItems: most }),
  };
}

/** Translates an object. Other keys than its properties are generated only where `additionalProperties` says so. */
export function objectSchema(schema: Json, translation: SchemaTranslation): Json {
  const { unheld } = translation;
  const listed: Json = isObject(schema['properties']) ? schema['properties'] : {};
  // llama.cpp takes every key `$ref` for a reference, and an empty one for the whole.
  const isNameable = !Object.hasOwn(listed, '$ref') && !Object.hasOwn(listed, '');
  if (!isNameable) unheld('properties');
  const translated = isNameable
    ? Object.entries(listed).map(([name, part]) => [name, translation.part(part)] as const)
    : [];
  const properties = translated.filter(([, part]) => part !== undefined);
  const others = otherProperties(schema, translation);
  // With neither, llama.cpp allows every key.
  const isListed = isNameable && isObject(schema['properties']);
  const isOpen = others === undefined ? !isListed : others !== false;
  const names = new Set(properties.map(([name]) => name));
  const required = Array.isArray(schema['required'])
    ? schema['required'].filter((name) => typeof name === 'string')
    : [];
  if (required.some((name) => !names.has(name))) unheld('required');
  const kept = required.filter((name) => names.has(name));
  for (const keyword of isOpen ? ['patternProperties', 'propertyNames', 'unevaluatedProperties'] : [])
    if (schema[keyword] !== undefined && schema[keyword] !== true) unheld(keyword);
  const { minProperties, maxProperties } = schema;
  if (typeof minProperties === 'number' && minProperties > new Set(kept).size) unheld('minProperties');
  if (typeof maxProperties === 'number' && (isOpen || maxProperties < names.size)) unheld('maxProperties');
  for (const keyword of ['dependentRequired', 'dependentSchemas', 'dependencies'])
    if (schema[keyword] !== undefined) unheld(keyword);
  return {
    type: 'object',
    ...(isListed ? { properties: Object.fromEntries(properties) } : {}),
    ...(kept.length === 0 ? {} : { required: kept }),
    ...(others === undefined || !isNameable ? {} : { additionalProperties: others }),
  };
}

// A map whose keys follow one pattern: its values are held to, its keys are not.
function otherProperties(schema: Json, translation: SchemaTranslation): Json | boolean | undefined {
  const { additionalProperties: others, patternProperties: patterns, properties } = schema;
  if (isObject(patterns) && !isObject(properties) && (others === undefined || others === false)) {
    const [only, ...more] = Object.values(patterns);
    if (only !== undefined && more.length === 0) return open(translation.part(only));
  }
  return others === undefined ? undefined : open(translation.part(others));
}

function open(part: Json | undefined): Json | boolean {
  return part === undefined ? false : isAny(part) ? true : part;
}
