import type { Failure } from '../../exchange.ts';
import { isObject, type Json } from '../../json.ts';

/** The JSON of a request, read field by field. Keeps the first invalid field as the failure. A null field counts as absent. */
export class Body {
  readonly json: Json;
  failure: Failure | undefined;
  readonly #read = new Set<string>();

  constructor(json: Json) {
    this.json = json;
  }

  /** Records an invalid parameter, unless an earlier one is already recorded. */
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
    return value === undefined || typeof value === 'string' ? value : this.#wrongType(name, 'a string', value);
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    return value === undefined || typeof value === 'boolean' ? value : this.#wrongType(name, 'a boolean', value);
  }

  number(name: string, min: number, max: number): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number') return this.#wrongType(name, 'a number', value);
    return value >= min && value <= max
      ? value
      : this.refuse(
          name,
          `Invalid '${name}': expected a number from ${String(min)} to ${String(max)}, but got ${String(value)}.`,
        );
  }

  whole(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.number(name, min, max);
    return value === undefined || Number.isSafeInteger(value) ? value : this.#wrongType(name, 'an integer', value);
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.value(name);
    return value === undefined || Array.isArray(value) ? value : this.#wrongType(name, 'an array', value);
  }

  object(name: string): Json | undefined {
    const value = this.value(name);
    return value === undefined || isObject(value) ? value : this.#wrongType(name, 'an object', value);
  }

  /** The names of the parameters that are present and were not read. */
  unread(): readonly string[] {
    return Object.keys(this.json).filter((name) => !this.#read.has(name) && this.json[name] !== null);
  }

  #wrongType(name: string, expected: string, value: unknown): undefined {
    return this.refuse(name, `Invalid type for '${name}': expected ${expected}, but got ${typeName(value)} instead.`);
  }
}

/** The type of a value, in OpenAI's words. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

// JSON.parse accepts much deeper nesting than JSON.stringify or a recursive walk.
const MAX_DEPTH = 500;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) if (isDeeper(inner, levels - 1)) return true;
  return false;
}

/** Parses the bytes of a request as the one JSON object that every endpoint takes. */
export function parseBody(bytes: Buffer): Body | Failure {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    // A body this short cannot be nested too deeply.
    if (bytes.length > 2 * MAX_DEPTH && isDeeper(json, MAX_DEPTH))
      return { kind: 'invalid', code: null, message: 'The JSON body of your request is nested too deeply.' };
    if (isObject(json)) return new Body(json);
  } catch {
    // The parser's message may quote the request, so it is not repeated.
  }
  return {
    kind: 'invalid',
    code: null,
    message: 'We could not parse the JSON body of your request. The body has to be one JSON object.',
  };
}
