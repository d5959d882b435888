import type { Failure, FailureOr } from '../../exchange.ts';
import { isObject, type Json } from '../../json.ts';
import { withExactSeeds } from './exact-seeds.ts';

/** Ends the reading of a body with its first failure; {@link readFields} returns it. */
class InvalidRequest extends Error {
  readonly failure: Failure;
  /** A bound of the gateway itself: no server gets the request. */
  readonly isBound: boolean;

  constructor(failure: Failure, isBound: boolean) {
    super(failure.message);
    this.failure = failure;
    this.isBound = isBound;
  }
}

/** Runs the reader of a body. The first refusal ends it, so an invalid request costs no more than its first invalid field. */
export function readFields<T>(read: () => FailureOr<T>): FailureOr<T> {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidRequest) return { ok: false, failure: error.failure };
    throw error;
  }
}

/**
 * Runs the reader of a body for Ollama. A field that Ollama's API does not have is no reason to refuse it where a server of the client's
 * own API gets the request as it came: then `pass` reads only the fields that the gateway needs itself.
 */
export function readOrPass<T extends object>(
  read: () => FailureOr<T>,
  pass: () => T,
): FailureOr<T & { readonly translationFailure?: Failure }> {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidRequest) || error.isBound) throw error;
    const passed = readFields(() => ({ ok: true, value: pass() }));
    if (!passed.ok) throw error;
    return { ok: true, value: { ...passed.value, translationFailure: error.failure } };
  }
}

/** Parses the bytes of a request and runs the reader of its fields. */
export function readBytes<T>(bytes: Buffer, read: (body: Body) => FailureOr<T>): FailureOr<T> {
  const body = parseBody(bytes);
  return body instanceof Body ? readFields(() => read(body)) : { ok: false, failure: body };
}

/** The most items of a list in the body of a request, such as messages or tools. */
const MAX_ITEMS = 10_000;

/** The JSON of a request, read field by field. An invalid field ends the reading. A null field counts as absent. */
export class Body {
  readonly json: Json;
  readonly #read = new Set<string>();
  #translationFailure: Failure | undefined;

  constructor(json: Json) {
    this.json = json;
  }

  /** Ends the reading: a parameter is invalid. */
  refuse(param: string, message: string, code: string | null = null): never {
    return this.fail({ kind: 'invalid', code, message, param });
  }

  /** Notes a field that Ollama's API does not have and a translation to OpenAI's has: the failure where no server has that API. */
  needOpenAI(failure: Failure): void {
    this.#translationFailure ??= failure;
  }

  /** The first of these failures. */
  get translationFailure(): Failure | undefined {
    return this.#translationFailure;
  }

  /** Ends the reading with a failure. */
  fail(failure: Failure, isBound = false): never {
    throw new InvalidRequest(failure, isBound);
  }

  value(name: string): unknown {
    const value = this.json[name];
    // A reader asks for forty names, of which a request has five.
    if (value !== undefined) this.#read.add(name);
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

  list(name: string, maxItems = MAX_ITEMS): readonly unknown[] | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    return Array.isArray(value) ? this.bounded(name, value, maxItems) : this.#wrongType(name, 'an array', value);
  }

  /** The same list; refused if it has too many items. */
  bounded(name: string, items: readonly unknown[], maxItems = MAX_ITEMS): readonly unknown[] {
    return items.length <= maxItems
      ? items
      : this.fail(
          {
            kind: 'invalid',
            code: null,
            param: name,
            message: `Invalid '${name}': expected at most ${String(maxItems)} items, but got ${String(items.length)}.`,
          },
          true,
        );
  }

  object(name: string): Json | undefined {
    const value = this.value(name);
    return value === undefined || isObject(value) ? value : this.#wrongType(name, 'an object', value);
  }

  /** The names of the parameters that are present and were not read; an empty list asks for nothing. */
  unread(): readonly string[] {
    return Object.keys(this.json).filter((name) => !this.#read.has(name) && !asksForNothing(this.json[name]));
  }

  #wrongType(name: string, expected: string, value: unknown): never {
    return this.refuse(name, `Invalid type for '${name}': expected ${expected}, but got ${typeName(value)} instead.`);
  }
}

function asksForNothing(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
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
  if (Array.isArray(value)) return value.some((inner) => isDeeper(inner, levels - 1));
  // Object.values takes twice as long for many keys: 8 ms for 35,000.
  const object: Json = isObject(value) ? value : {};
  return Object.keys(object).some((name) => isDeeper(object[name], levels - 1));
}

/** Parses the bytes of a request as the one JSON object that every endpoint takes. A large one has no lone surrogates any more (`http/surrogates.ts`). */
function parseBody(bytes: Buffer): Body | Failure {
  try {
    const text = bytes.toString('utf8');
    const json: unknown = JSON.parse(text);
    // A body this short cannot be nested too deeply.
    if (bytes.length > 2 * MAX_DEPTH && isDeeper(json, MAX_DEPTH))
      return { kind: 'invalid', code: null, message: 'The JSON body of your request is nested too deeply.' };
    if (isObject(json)) return new Body(withExactSeeds(json, text));
  } catch {
    // The parser's message may quote the request, so it is not repeated.
  }
  return {
    kind: 'invalid',
    code: null,
    message: 'We could not parse the JSON body of your request. The body has to be one JSON object.',
  };
}
