import { isObject, type Json } from '../../json.ts';

/** The places of a seed in a body; LiteLLM's clients send `extra_body`. */
const PLACES: readonly (readonly string[])[] = [[], ['options'], ['extra_body'], ['extra_body', 'options']];

/** The body with every digit of its seeds, of which JSON.parse rounds those beyond 2^53. `text` is the body's JSON. */
export function withExactSeeds(json: Json, text: string): Json {
  if (!PLACES.some((place) => isRounded(valueAt(json, place)))) return json;
  const digits = seedsIn(text);
  for (const place of PLACES) {
    const holder = valueAt(json, place);
    const source = digits.get(JSON.stringify(place));
    if (source !== undefined && holder !== undefined && isRounded(holder))
      Object.assign(holder, { seed: BigInt(source) });
  }
  return json;
}

function valueAt(json: Json, place: readonly string[]): Json | undefined {
  let value = json;
  for (const name of place) {
    const inner = value[name];
    if (!isObject(inner)) return undefined;
    value = inner;
  }
  return value;
}

function isRounded(holder: Json | undefined): boolean {
  const seed = holder?.['seed'];
  return typeof seed === 'number' && Number.isInteger(seed) && !Number.isSafeInteger(seed);
}

const [QUOTE, BACKSLASH, COLON, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [0x22, 0x5c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d];
const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);
/** Most keys above a seed. */
const MOST_KEYS = Math.max(...PLACES.map((place) => place.length));
/** Longest way to write one of the names of a place, as escapes of six characters. */
const MAX_KEY_LENGTH = 6 * 'extra_body'.length;
const INTEGER = /-?\d{1,40}(?![\d.eE])/y;

/**
 * The digits of the seeds in a JSON text, by the keys above them as JSON; of a key that stands twice the last, as JSON.parse has it. A reviver
 * finds them too, but calls JavaScript for each value: 160 ms for 390,000 numbers.
 */
function seedsIn(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  /** The keys of the open objects; a list and everything in it has none. */
  const keys: (string | undefined)[] = [];
  let key: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) {
      const end = endOfText(text, at);
      const next = afterSpaces(text, end + 1);
      if (text.charCodeAt(next) === COLON) {
        key = keys.length <= MOST_KEYS + 1 ? nameOf(text, at, end) : undefined;
        if (key === 'seed' && !keys.includes(undefined)) {
          INTEGER.lastIndex = afterSpaces(text, next + 1);
          const [digits] = INTEGER.exec(text) ?? [];
          const place = JSON.stringify(keys.slice(1));
          if (digits === undefined) found.delete(place);
          else found.set(place, digits);
        }
        at = next;
      } else at = end;
    } else if (sign === OPEN || sign === OPEN_LIST) {
      // The outermost object has no key.
      keys.push(sign === OPEN_LIST ? undefined : keys.length === 0 ? '' : key);
      key = undefined;
    } else if (sign === CLOSE || sign === CLOSE_LIST) keys.pop();
  }
  return found;
}

/** The position of the quote that ends a text. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    if ((end - first) % 2 === 0) return end;
  }
  return text.length;
}

function afterSpaces(text: string, from: number): number {
  let at = from;
  while (SPACES.has(text.charCodeAt(at))) at += 1;
  return at;
}

function nameOf(text: string, start: number, end: number): string | undefined {
  if (end - start > MAX_KEY_LENGTH + 1) return undefined;
  const name: unknown = JSON.parse(text.slice(start, end + 1));
  return typeof name === 'string' ? name : undefined;
}
