import { isObject, type Json } from '../../json.ts';
import type { ModelRequest, ChatRequest } from '../../exchange.ts';
import { endlessParts, partAt } from './references.ts';

/**
 * The most repetitions in a grammar of llama.cpp. A schema that it cannot turn into a grammar kills Ollama's runner, or the whole
 * server, with all its responses (seen on 0.22.1).
 */
const MOST = 2000;

const LIMITS: ReadonlySet<string> = new Set(['minLength', 'maxLength', 'minItems', 'maxItems']);

const PAIRS: readonly (readonly [least: string, most: string])[] = [
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
  ...['minimum', 'exclusiveMinimum'].flatMap((least) =>
    ['maximum', 'exclusiveMaximum'].map((most) => [least, most] as const),
  ),
];

// Characters and character classes, each with a repetition: groups, classes such as \d and a repetition of zero kill it. No two
// alternatives begin alike.
const PLAIN_PATTERN =
  /^\^(?:(?:[\w @:,-]|\\\.|\[\^?(?:\w-\w|[\w.%+ @:,])+-?\])(?:[*+?]|\{[1-9]\d{0,3}(?:,(?:[1-9]\d{0,3})?)?\})?)+\$$/;

/** Keys whose value is not a schema. */
const VALUES: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);

/** Keys whose value maps free names to schemas. */
const NAMED: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions']);

/** A format that llama.cpp can turn into a grammar: parts that it cannot are left out, and the response may violate them. */
export function formatBody(format: ChatRequest['format']): ChatRequest['format'] {
  return isObject(format) ? graspableFormat(format) : format;
}

/** The parameters whose schema is only partly enforced, by the names that most clients have for them. */
export function relaxedSchema(request: ModelRequest): readonly string[] {
  if (request.kind === 'embed') return [];
  // The schema of a forced call replaces the response format.
  const callSchema = request.kind === 'chat' ? request.params.callSchema : undefined;
  if (callSchema !== undefined) return isLoosened(callSchema) ? ['tools'] : [];
  return isObject(request.params.format) && isLoosened(request.params.format) ? ['response_format'] : [];
}

function isLoosened(schema: Json): boolean {
  return JSON.stringify(graspableFormat(schema)) !== JSON.stringify(schema);
}

function graspableFormat(root: Json): Json {
  const endless = endlessParts(root);
  const leadsNowhere = (ref: unknown): boolean => {
    const part = partAt(ref, root);
    return part !== undefined && endless.has(part);
  };
  return graspable(root, leadsNowhere);
}

function graspable(schema: Json, leadsNowhere: (ref: unknown) => boolean): Json {
  const inside = (item: unknown): unknown =>
    Array.isArray(item) ? item.map(inside) : isObject(item) ? graspable(item, leadsNowhere) : item;
  const eachOf = (schemas: Json): Json =>
    Object.fromEntries(Object.entries(schemas).map(([name, item]) => [name, inside(item)]));
  const kept = Object.entries(schema).filter(
    ([name, item]) => !isLost(schema, name, item) && !(name === '$ref' && leadsNowhere(item)),
  );
  return Object.fromEntries(
    kept.map(([name, item]) => [
      name,
      VALUES.has(name) ? item : NAMED.has(name) && isObject(item) ? eachOf(item) : inside(item),
    ]),
  );
}

function isLost(schema: Json, name: string, value: unknown): boolean {
  if (name === 'pattern') return typeof value === 'string' && !isPlain(value);
  if (name === 'anyOf' || name === 'oneOf') return Array.isArray(value) && value.length === 0;
  if (typeof value !== 'number') return false;
  return (
    (LIMITS.has(name) && !(value >= 0 && value <= MOST)) ||
    PAIRS.some(([least, most]) => name === least && isMore(value, schema[most]))
  );
}

function isMore(least: number, most: unknown): boolean {
  return typeof most === 'number' && least > most;
}

function isPlain(pattern: string): boolean {
  const ranges = [...pattern.matchAll(/(\w)-(\w)/g)].every(([, first = '', last = '']) => first <= last);
  const often = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].every(
    ([, least = '', most]) => Number(most || least) <= MOST && Number(least) <= Number(most || least),
  );
  return ranges && often && PLAIN_PATTERN.test(pattern);
}
