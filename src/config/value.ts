import type { Where } from '../core/problem.ts';
import { withoutKeys } from '../core/without-keys.ts';

/** The position of a value, and whether it is encrypted there. */
interface Placed {
  readonly where: Where;
  readonly encrypted: boolean;
}

/** Text, a number, a boolean or null. `literal` text is never a template (`!unsafe`). */
export interface ScalarValue extends Placed {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly literal: boolean;
  /** The text of `!vault` as the file has it. */
  readonly ciphertext?: string;
  /** The text is an integer beyond 2^53, which a JavaScript number cannot hold. */
  readonly integer?: true;
}

export interface ListValue extends Placed {
  readonly kind: 'list';
  readonly items: readonly Value[];
}

export interface MapValue extends Placed {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Value>;
  /** Values of duplicate keys that a later line of the same mapping overrides. */
  readonly overridden?: readonly Definition[];
}

/** An encrypted value for which no password was given. */
export interface LockedValue extends Placed {
  readonly kind: 'locked';
  /** The encrypted file. */
  readonly file: string;
  /** The text of `!vault` as the file has it. */
  readonly ciphertext?: string;
}

/** A value of the operator's files. Each part has its position. */
export type Value = ScalarValue | ListValue | MapValue | LockedValue;

/** Variables of a file, a group or a host, by name. */
export type Variables = ReadonlyMap<string, Value>;

/** One place that gives a variable a value. */
export interface Definition {
  readonly name: string;
  readonly value: Value;
}

/** The definitions of a mapping in the order of their lines, duplicate keys included. */
export function definitionsOf(map: MapValue): readonly Definition[] {
  const kept = [...map.entries].map(([name, value]) => ({ name, value }));
  return [...(map.overridden ?? []), ...kept];
}

/** The variables that definitions in this order leave: later ones override earlier ones. */
export function variablesOf(definitions: Iterable<Definition>): Map<string, Value> {
  const variables = new Map<string, Value>();
  for (const { name, value } of definitions) variables.set(name, value);
  return variables;
}

/** Creates a scalar. */
export function scalar(
  value: ScalarValue['value'],
  where: Where,
  how: { readonly encrypted?: boolean; readonly literal?: boolean; readonly ciphertext?: string } = {},
): ScalarValue {
  return { kind: 'scalar', value, where, ...how, encrypted: how.encrypted ?? false, literal: how.literal ?? false };
}

/** Creates a scalar of a number that may be too large for JavaScript; then it is the text of its digits. */
export function exactScalar(
  value: ScalarValue['value'] | bigint,
  where: Where,
  how: { readonly encrypted?: boolean; readonly literal?: boolean } = {},
): ScalarValue {
  return typeof value === 'bigint'
    ? { ...scalar(String(value), where, how), integer: true }
    : scalar(value, where, how);
}

const SECRET_NAME = /(?:^|[_.])(?:key|secret|token|password|pass)(?:_previous|_revoked)?$/i;

/** A value for messages: short, on one line, and never a secret. */
export function describeValue(value: Value): string {
  if (value.kind === 'list')
    return value.items.length === 0 ? 'an empty list' : `a list of ${String(value.items.length)}`;
  if (value.kind === 'map') return 'a mapping';
  if (value.kind === 'locked') return `something encrypted in ${value.file}`;
  if (value.value === null || value.value === '') return 'nothing';
  if (value.encrypted || SECRET_NAME.test(value.where.path ?? '')) return 'a value that is not shown';
  // A URL may contain a user name and a password, and a key behind its path.
  const text = withoutKeys(JSON.stringify(value.value))
    .replace(/\/\/\S*@/, '//…@')
    .replace(/(\/\/[^?#]*[?#]).*(?="$)/, '$1…');
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** The plain value without positions, as in JSON. Locked parts are `null`. */
export function plainOf(value: Value): unknown {
  if (value.kind === 'scalar') return value.value;
  if (value.kind === 'list') return value.items.map(plainOf);
  if (value.kind === 'map') return Object.fromEntries([...value.entries].map(([key, entry]) => [key, plainOf(entry)]));
  return null;
}
