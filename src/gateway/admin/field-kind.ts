import { isObject } from '../../core/json.ts';
import { isRoute, KEY_TYPES, ROUTE_GROUPS } from '../keys/allowed-routes.ts';
import { DURATION_FORMS, endOfDuration } from './duration.ts';

/** Judges the value of a field: `undefined` if it fits, else what was expected. A value of null always fits: it clears the field. */
export type FieldKind = (value: unknown) => string | undefined;

const MOST_TEXT = 10_000;
const MOST_ITEMS = 10_000;
/** As in the operator's files. */
const MOST_COUNT = 1_000_000_000_000_000;

function kind(expected: string, fits: (value: unknown) => boolean): FieldKind {
  return (value) => (fits(value) ? undefined : expected);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MOST_TEXT;
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_COUNT;
}

function isMapOf(value: unknown, fits: (one: unknown) => boolean): boolean {
  return isObject(value) && Object.values(value).every(fits);
}

function isListOf(value: unknown, fits: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= MOST_ITEMS && value.every(fits);
}

export const anyValue: FieldKind = () => undefined;
export const text = kind(`a text of at most ${String(MOST_TEXT)} characters`, isText);
export const flag = kind('true or false', (value) => typeof value === 'boolean');
export const count = kind(`a whole number from 0 to ${String(MOST_COUNT)}`, isCount);
/** Negative amounts have their own answer, as in LiteLLM. */
export const money = kind('a number', (value) => typeof value === 'number' && Number.isFinite(value));
export const texts = kind('a list of texts', (value) => isListOf(value, isText));
export const textMap = kind('an object whose values are texts', (value) => isMapOf(value, isText));
export const countMap = kind(`an object whose values are whole numbers from 0 to ${String(MOST_COUNT)}`, (value) =>
  isMapOf(value, isCount),
);
export const object = kind('an object', isObject);
export const items = kind('a list', (value) => isListOf(value, () => true));
export const members = kind('a list of members, each an object with user_id or user_email', (value) =>
  isListOf(value, isObject),
);
export const duration = kind(
  DURATION_FORMS,
  (value) => typeof value === 'string' && endOfDuration(value, 0) !== undefined,
);
export const keyType = oneOf(...KEY_TYPES);
export const routes = kind(`a list of paths, patterns such as /v1/* and groups (${ROUTE_GROUPS.join(', ')})`, (value) =>
  isListOf(value, (one) => isText(one) && isRoute(one)),
);

/** One of some words. */
export function oneOf(...words: readonly string[]): FieldKind {
  return kind(`one of ${words.join(', ')}`, (value) => typeof value === 'string' && words.includes(value));
}
