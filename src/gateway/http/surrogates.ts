const [BACKSLASH, LETTER_U, LETTER_D, LETTER_F] = [0x5c, 0x75, 0x64, 0x66];
/** Set in small letters and in digits: with it, a large letter is a small one. */
const SMALL = 0x20;
/** Length of `\ud800`. */
const ESCAPE_LENGTH = 6;

/**
 * Writes the halves of surrogate pairs that stand alone in a JSON text as U+FFFD, in place: Go reads them so too, and JSON.stringify takes
 * 40 ns for each (56 ms for 8 MiB). Only a body with escapes of characters is looked through, which takes 1 ms for each MiB.
 */
export function replaceLoneSurrogates(json: Buffer): void {
  for (let at = 0; at < json.length; at += 1) {
    if (json[at] !== BACKSLASH) continue;
    const half = halfAt(json, at);
    if (half === 'none') at += 1;
    else if (half === 'high' && halfAt(json, at + ESCAPE_LENGTH) === 'low') at += 2 * ESCAPE_LENGTH - 1;
    else {
      json[at + 2] = json[at + 3] = json[at + 4] = LETTER_F;
      json[at + 5] = LETTER_D;
      at += ESCAPE_LENGTH - 1;
    }
  }
}

/** The half of a surrogate pair whose escape stands at a position. */
function halfAt(json: Buffer, at: number): 'high' | 'low' | 'none' {
  if (
    json[at] !== BACKSLASH ||
    json[at + 1] !== LETTER_U ||
    ((json[at + 2] ?? 0) | SMALL) !== LETTER_D ||
    hexOf(json[at + 4]) < 0 ||
    hexOf(json[at + 5]) < 0
  )
    return 'none';
  const digit = hexOf(json[at + 3]);
  return digit < 8 ? 'none' : digit < 12 ? 'high' : 'low';
}

/** The value of a hexadecimal digit; -1 if the byte is none. */
function hexOf(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | SMALL;
  return letter >= 0x61 && letter <= LETTER_F ? letter - 0x57 : -1;
}
