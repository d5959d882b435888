const ENGLISH = new Intl.ListFormat('en-GB');

/** Things in a sentence: `a`, `a and b`, `a, b and c`. */
export function listInWords(things: readonly string[]): string {
  return ENGLISH.format(things);
}

/** A count with its noun: `1 model`, `2 models`. */
export function pluralize(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
