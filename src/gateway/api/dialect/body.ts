import type { Failure } from '../../exchange.ts';
import { isObject, type Json } from '../../json.ts';

/** A request's JSON, read field by field; the first field that is wrong is kept as the failure. Null counts as absent. */
export class Body {
  readonly json: Json;
  failure: Failure | undefined;
  readonly #read = new Set<string>();

  constructor(json: Json) {
    this.json = json;
  }

  /** Notes what is wrong with a parameter, unless something was wrong before it. */
  refuse(param: string, message: string, code: string | null = null): undefined {
    this.failure ??= { kind: 'invalid', code, message, param };
    return undefined;
  }

  value(name: string): unknown {
    this.#read.add(name);
    const value = this.json[name];
    return value === null ? undefined : value;
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    return value === undefined || typeof value === 'string' ? value : this.#wrong(name, 'a string', value);
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    return value === undefined || typeof value === 'boolean' ? value : this.#wrong(name, 'a boolean', value);
  }

  number(name: string, min: number, max: number): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number') return this.#wrong(name, 'a number', value);
    return value >= min && value <= max
      ? value
      : this.refuse(
          name,
          `Invalid '${name}': expected a number from ${String(min)} to ${String(max)}, but got ${String(value)}.`,
        );
  }

  whole(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.number(name, min, max);
    return value === undefined || Number.isSafeInteger(value) ? value : this.#wrong(name, 'an integer', value);
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.value(name);
    return value === undefined || Array.isArray(value) ? value : this.#wrong(name, 'an array', value);
  }

  object(name: string): Json | undefined {
    const value = this.value(name);
    return value === undefined || isObject(value) ? value : this.#wrong(name, 'an object', value);
  }

  /** The parameters that are there and that nobody has read. */
  unread(): readonly string[] {
    return Object.keys(this.json).filter((name) => !this.#read.has(name) && this.json[name] !== null);
  }

  #wrong(name: string, wanted: string, value: unknown): undefined {
    return this.refuse(name, `Invalid type for '${name}': expected ${wanted}, but got ${typeName(value)} instead.`);
  }
}

/** A value's type as OpenAI names it. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

// JSON can be read much deeper than it can be written or walked through.
const MOST_LEVELS = 500;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) if (isDeeper(inner, levels - 1)) return true;
  return false;
}

/** Reads a request's bytes as the JSON object that every endpoint takes. */
export function parseBody(bytes: Buffer): Body | Failure {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    // A short one is not deep.
    if (bytes.length > 2 * MOST_LEVELS && isDeeper(json, MOST_LEVELS))
      return { kind: 'invalid', code: null, message: 'The JSON body of your request is nested too deeply.' };
    if (isObject(json)) return new Body(json);
  } catch {
    // What the parser says may quote the request, so it is not repeated.
  }
  return {
    kind: 'invalid',
    code: null,
    message: 'We could not parse the JSON body of your request. The body has to be one JSON object.',
  };
}
