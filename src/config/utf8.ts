import { isUtf8 } from 'node:buffer';

/** Decodes UTF-8 without a byte order mark, or returns the offset of the first wrong byte, counted from 0. */
export function readUtf8(bytes: Buffer): string | { readonly offset: number } {
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isPrefix(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  // The prefix may end within a character, which begins where it goes wrong.
  while (!isUtf8(bytes.subarray(0, good))) good -= 1;
  return { offset: good };
}

function isPrefix(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
