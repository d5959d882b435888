/**
 * Most units of a body. The slowest bodies of this cost take 25 ms in JSON.parse (node 24, 2 cores of an AMD EPYC): 36,000 different
 * keys; 133,000 strings take 15 ms, 200,000 objects 9 ms, 400,000 numbers 5 ms.
 */
const MAX_UNITS = 400_000;

/** A body up to this size never has more than {@link MAX_UNITS}: its densest text, `"":1,`, has 11 units in 5 bytes. */
export const UNCOUNTED_BYTES = 128 * 1024;

const KEY_UNITS = 8;
const STRING_UNITS = 2;

const [QUOTE, BACKSLASH, COLON, COMMA, BRACKET, BRACE, LETTER_U] = [0x22, 0x5c, 0x3a, 0x2c, 0x5b, 0x7b, 0x75];

/**
 * Counts in the bytes of a JSON text what its values will cost to parse: a unit for each value, two more for a string, eight more for a
 * key. Text that is not JSON has a count too.
 */
export class JsonCost {
  #units = 0;
  #inString = false;
  #escaped = false;
  #hasCharacterEscapes = false;

  /** Whether a character is written as `\u` and its number. */
  get hasCharacterEscapes(): boolean {
    return this.#hasCharacterEscapes;
  }

  get units(): number {
    return this.#units;
  }

  /** Counts the next bytes. Returns whether the text costs too much. */
  push(bytes: Buffer): boolean {
    let units = this.#units;
    let inString = this.#inString;
    let escaped = this.#escaped;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (inString) {
        if (escaped) {
          escaped = false;
          if (byte === LETTER_U) this.#hasCharacterEscapes = true;
        } else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) {
        inString = true;
        units += STRING_UNITS;
      } else if (byte === COMMA || byte === BRACE || byte === BRACKET) units += 1;
      else if (byte === COLON) units += KEY_UNITS;
    }
    this.#units = units;
    this.#inString = inString;
    this.#escaped = escaped;
    return units > MAX_UNITS;
  }
}
