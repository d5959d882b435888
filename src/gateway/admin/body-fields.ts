import type { Json } from '../../core/json.ts';
import type { RecordKind } from '../store/key-store.ts';
import { AdminError, unfit } from './admin-error.ts';
import { ADMIN_FIELDS, OWN_FIELDS } from './fields.ts';

/** Deeper values could be read, and not be written again. */
const MOST_LEVELS = 64;

/** The fields of a body. */
export interface BodyFields {
  /** As they were sent; null clears one. */
  readonly fields: Json;
  /** Names of those that ask for something that the gateway does not do. */
  readonly ignored: readonly string[];
}

/** Judges the fields of a body for a record; `others` are the parameters of the call itself. */
export function fieldsIn(kind: RecordKind, body: Json, others: readonly string[]): BodyFields {
  const known = ADMIN_FIELDS[kind];
  const fields: Record<string, unknown> = {};
  const ignored: string[] = [];
  for (const [name, sent] of Object.entries(body)) {
    if (others.includes(name)) continue;
    if (OWN_FIELDS.has(name)) {
      ignored.push(name);
      continue;
    }
    const field = Object.hasOwn(known, name) ? known[name] : undefined;
    const value = field?.emptyIsNull === true && sent === '' ? null : sent;
    const expected = value === null ? undefined : field?.kind(value);
    if (expected !== undefined) throw unfit(name, expected, value);
    if (isDeeper(value, MOST_LEVELS))
      throw unfit(name, `at most ${String(MOST_LEVELS)} levels of lists and objects`, 'more');
    if (typeof value === 'number' && value < 0)
      throw new AdminError(400, `Expected ${name} of at least 0, found ${String(value)}.`, name);
    // A name such as __proto__ is a field like any other.
    Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
    if (field?.works !== true && asksForSomething(value)) ignored.push(name);
  }
  return { fields, ignored };
}

/** Forms and Terraform send empty values for what they do not want. */
function asksForSomething(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === false) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1));
}

/** A text of a body or query; `undefined` without it. */
export function textAt(body: Json, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw unfit(name, 'a text', value);
  return value;
}

/** A text that a call needs. */
export function neededText(body: Json, name: string): string {
  const value = textAt(body, name);
  if (value === undefined) throw unfit(name, `${name}: a text`, body[name]);
  return value;
}

/** A list of texts; `undefined` without it. */
export function textsAt(body: Json, name: string): readonly string[] | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((one): one is string => typeof one === 'string'))
    throw unfit(name, 'a list of texts', value);
  return value;
}

/** A whole number of a query, within limits. */
export function numberAt(query: Json, name: string, limits: { readonly or: number; readonly most: number }): number {
  const value = query[name];
  if (value === undefined) return limits.or;
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : 0;
  if (number < 1 || number > limits.most) throw unfit(name, `a whole number from 1 to ${String(limits.most)}`, value);
  return number;
}

/** One of some words of a query. */
export function wordAt<T extends string>(query: Json, name: string, words: readonly T[]): T | undefined {
  const value = query[name];
  if (value === undefined || value === '') return undefined;
  const found = words.find((word) => word === value);
  if (found === undefined) throw unfit(name, `one of ${words.join(', ')}`, value);
  return found;
}
