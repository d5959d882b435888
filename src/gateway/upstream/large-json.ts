import { randomId } from '../../core/id.ts';
import { isObject, parseJson, type Json } from '../json.ts';

const [QUOTE, BACKSLASH, OPEN, CLOSE, COMMA, MINUS] = [0x22, 0x5c, 0x5b, 0x5d, 0x2c, 0x2d];
const DIGITS = [0x30, 0x39] as const;
const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** A text or a list of numbers from this length on is taken out. */
const LONG_TEXT_BYTES = 1024;

/**
 * Parses a large JSON object as its bytes come, so that its end has little left to do: lists that begin with a number (embeddings) and
 * long texts (embeddings in base64) are parsed at once and taken out. A mark stands in their place until the rest is parsed.
 */
export class LargeJson {
  readonly #mark = randomId();
  readonly #taken: unknown[] = [];
  readonly #rest: Buffer[] = [];
  #state: 'between' | 'opened' | 'numbers' | 'text' = 'between';
  /** Bytes of an unfinished number or text. */
  #held: Buffer[] = [];
  #numbers: unknown[] = [];
  #hasEscapes = false;
  /** The last byte was a backslash that escapes the next one. */
  #escaping = false;

  /** Takes the next bytes. Throws if a list that begins with a number is not JSON. */
  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) at = this.#next(bytes, at);
  }

  /** The whole object; `undefined` if the bytes are none. */
  end(): Json | undefined {
    if (this.#state === 'numbers' || this.#state === 'text') return undefined;
    const parsed = parseJson(Buffer.concat(this.#rest).toString('utf8'));
    if (!isObject(parsed)) return undefined;
    return this.#taken.length === 0 ? parsed : this.#restored(parsed);
  }

  /** Reads on from a position, and returns the next one. */
  #next(bytes: Buffer, at: number): number {
    if (this.#state === 'between') return this.#between(bytes, at);
    if (this.#state === 'opened') return this.#opened(bytes, at);
    return this.#state === 'numbers' ? this.#readNumbers(bytes, at) : this.#readText(bytes, at);
  }

  #between(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte !== QUOTE && byte !== OPEN) continue;
      // A short text or list stays where it is: to cut 19 MB at each of them takes 4 s.
      const end = byte === QUOTE ? shortTextEnd(bytes, at + 1) : isShortList(bytes, at + 1) ? at : undefined;
      if (end !== undefined) {
        at = end;
        continue;
      }
      this.#rest.push(bytes.subarray(from, at));
      this.#state = byte === QUOTE ? 'text' : 'opened';
      return at + 1;
    }
    this.#rest.push(bytes.subarray(from));
    return bytes.length;
  }

  /** Behind an opening bracket: only the first byte of the first item shows whether it is a number. */
  #opened(bytes: Buffer, from: number): number {
    let at = from;
    while (SPACES.has(bytes[at] ?? 0)) at += 1;
    const byte = bytes[at];
    if (byte === undefined) return at;
    const isNumber = byte === MINUS || (byte >= DIGITS[0] && byte <= DIGITS[1]);
    this.#state = isNumber ? 'numbers' : 'between';
    if (!isNumber) this.#rest.push(Buffer.of(OPEN));
    return at;
  }

  /** Parses up to the last comma, so that a long list is parsed in parts. */
  #readNumbers(bytes: Buffer, from: number): number {
    const close = bytes.indexOf(CLOSE, from);
    const end = close >= 0 ? close : bytes.lastIndexOf(COMMA);
    if (end < from) {
      this.#held.push(bytes.subarray(from));
      return bytes.length;
    }
    const text = Buffer.concat([...this.#held, bytes.subarray(from, end)]).toString('latin1');
    for (const item of JSON.parse(`[${text}]`) as readonly unknown[]) this.#numbers.push(item); // A text in brackets is a list.
    this.#held = [];
    if (close < 0) {
      this.#held.push(bytes.subarray(end + 1));
      return bytes.length;
    }
    this.#take(this.#numbers);
    this.#numbers = [];
    return close + 1;
  }

  #readText(bytes: Buffer, from: number): number {
    const end = this.#endOfText(bytes, from);
    this.#held.push(bytes.subarray(from, end ?? bytes.length));
    if (end === undefined) return bytes.length;
    const text = this.#held.length === 1 ? (this.#held[0] ?? bytes) : Buffer.concat(this.#held);
    if (text.length >= LONG_TEXT_BYTES && !this.#hasEscapes) this.#take(text.toString('utf8'));
    else {
      this.#rest.push(Buffer.of(QUOTE), text, Buffer.of(QUOTE));
      this.#state = 'between';
    }
    this.#held = [];
    this.#hasEscapes = false;
    return end + 1;
  }

  /** The position of the quote that ends the text. */
  #endOfText(bytes: Buffer, from: number): number | undefined {
    for (let at = from; at < bytes.length; at += 1) {
      if (this.#escaping) this.#escaping = false;
      else if (bytes[at] === BACKSLASH) this.#escaping = this.#hasEscapes = true;
      else if (bytes[at] === QUOTE) return at;
    }
    return undefined;
  }

  #take(value: unknown): void {
    this.#rest.push(Buffer.from(`"${this.#mark}${String(this.#taken.length)}"`));
    this.#taken.push(value);
    this.#state = 'between';
  }

  #restored(parsed: Json): Json {
    return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, this.#restore(value)]));
  }

  #restore(value: unknown): unknown {
    if (typeof value === 'string' && value.startsWith(this.#mark))
      return this.#taken[Number(value.slice(this.#mark.length))];
    if (Array.isArray(value)) return value.map((item) => this.#restore(item));
    return isObject(value) ? this.#restored(value) : value;
  }
}

/** The position of the quote that ends a short text; `undefined` if it is longer, or goes on in the next bytes. */
function shortTextEnd(bytes: Buffer, from: number): number | undefined {
  const last = Math.min(bytes.length, from + LONG_TEXT_BYTES);
  for (let at = from; at < last; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
  }
  return undefined;
}

function isShortList(bytes: Buffer, from: number): boolean {
  return bytes.subarray(from, from + LONG_TEXT_BYTES).includes(CLOSE);
}
