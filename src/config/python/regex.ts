/** The expression, or the reason why it is invalid or cannot be taken. */
export type PythonRegex =
  | { readonly ok: true; readonly expression: RegExp }
  | { readonly ok: false; readonly reason: string };

class Refusal extends Error {}

/**
 * Translates a regular expression of Python's `re` (https://docs.python.org/3/library/re.html). The expression matches from
 * the beginning of a text, as `re.match` does. Verbose mode, atomic groups, possessive quantifiers and conditions have no
 * counterpart in JavaScript: the reason names them.
 */
export function pythonRegex(source: string): PythonRegex {
  try {
    const { flags, rest, ascii } = globalFlags(source);
    return { ok: true, expression: new RegExp(translate(rest, ascii), `yu${flags}`) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.message };
    if (error instanceof SyntaxError) return { ok: false, reason: `${source} is not a valid regular expression` };
    throw error;
  }
}

interface GlobalFlags {
  readonly flags: string;
  readonly rest: string;
  /** `(?a)`: classes of characters such as `\w` hold ASCII alone. */
  readonly ascii: boolean;
}

/** `(?i)` and its siblings stand at the beginning. */
function globalFlags(source: string): GlobalFlags {
  const match = /^\(\?([A-Za-z]+)\)/.exec(source);
  if (match === null) return { flags: '', rest: source, ascii: false };
  const letters = match[1] ?? '';
  return { flags: knownFlags(letters), rest: source.slice(match[0].length), ascii: letters.includes('a') };
}

function knownFlags(letters: string): string {
  for (const letter of letters)
    if (!'aimsu'.includes(letter)) throw new Refusal(`the flag (?${letter}) of Python is not supported`);
  return ['i', 'm', 's'].filter((letter) => letters.includes(letter)).join('');
}

const UNSUPPORTED: readonly (readonly [form: RegExp, name: string])[] = [
  [/^\(\?<(?![=!])/, 'a group (?<name>…) of other languages, (?P<name>…)'],
  [/^\(\?>/, 'an atomic group (?>…)'],
  [/^\(\?\(/, 'a condition (?(…)…)'],
  [/^(?:[*+?]|\{\d*,?\d*\})\+/, 'a possessive quantifier'],
  [/^\(\?[A-Za-z]+\)/, 'a flag behind the beginning'],
];

// Python's classes hold letters and digits of every language. In `[…]` the negated ones have no counterpart and stay those of ASCII.
const LETTER = String.raw`\p{L}\p{N}_`;
const WIDE: Readonly<Record<string, string>> = {
  [String.raw`\w`]: `[${LETTER}]`,
  [String.raw`\W`]: `[^${LETTER}]`,
  [String.raw`\d`]: String.raw`\p{Nd}`,
  [String.raw`\D`]: String.raw`\P{Nd}`,
  [String.raw`\b`]: `(?:(?<=[${LETTER}])(?![${LETTER}])|(?<![${LETTER}])(?=[${LETTER}]))`,
  [String.raw`\B`]: `(?:(?<=[${LETTER}])(?=[${LETTER}])|(?<![${LETTER}])(?![${LETTER}]))`,
};

/** The forms that are written otherwise in JavaScript; `y` keeps each at its place. */
const FORMS: readonly (readonly [form: RegExp, write: (match: RegExpExecArray, ascii: boolean) => string])[] = [
  [/\(\?#[^)]*\)/y, () => ''],
  [/\(\?P<(\w+)>/y, ([, name = '']) => `(?<${name}>`],
  [/\(\?P=(\w+)\)/y, ([, name = '']) => `\\k<${name}>`],
  [/\(\?([aimsu]*)(?:-([aimsu]+))?:/y, ([, on = '', off]) => scopedFlags(knownFlags(on), knownFlags(off ?? ''))],
  [/\{,(\d*)\}/y, ([, most = '']) => `{0,${most}}`],
  [/\{\d+(?:,\d*)?\}/y, ([whole]) => whole],
  // A `]` right behind `[` or `[^` is a character, so `[]` has no end.
  [
    /\[(?:(\^)|(?!\^))((?:\]|\\[^]|[^\]\\])(?:\\[^]|[^\]\\])*)\]/y,
    ([, negated = '', set = ''], ascii) => `[${negated}${inClass(set, ascii)}]`,
  ],
  [
    /\\(?:U[0-9A-Fa-f]{8}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|0[0-7]{0,2}|[0-3][0-7]{2}|[1-9]\d?|[^])/y,
    ([whole], ascii) => (ascii ? undefined : WIDE[whole]) ?? escape(whole),
  ],
  [/[{}\]]/y, ([whole]) => `\\${whole}`],
  [/[^]/uy, ([whole]) => whole],
];

function translate(source: string, ascii: boolean): string {
  let written = '';
  let index = 0;
  while (index < source.length) {
    const ahead = source.slice(index, index + 64);
    const unsupported = UNSUPPORTED.find(([form]) => form.test(ahead));
    if (unsupported !== undefined) throw new Refusal(`${unsupported[1]} of Python is not supported`);
    for (const [form, write] of FORMS) {
      form.lastIndex = index;
      const match = form.exec(source);
      if (match === null) continue;
      written += write(match, ascii);
      index = form.lastIndex;
      break;
    }
  }
  return written;
}

function scopedFlags(on: string, off: string): string {
  return on === '' && off === '' ? '(?:' : `(?${on}${off === '' ? '' : `-${off}`}:`;
}

const CONTROL: Readonly<Record<string, string>> = { a: String.raw`\x07`, A: '(?<![^])', Z: '(?![^])' };

function escape(whole: string): string {
  const letter = whole.charAt(1);
  if (/^\\[Uux]/.test(whole) && whole.length > 2) return numbered(Number.parseInt(whole.slice(2), 16));
  if (/^\\(?:0|[0-3][0-7]{2}$)/.test(whole)) return numbered(Number.parseInt(whole.slice(1), 8));
  if (/^\\[1-9bBdDwWsSfnrtv]/.test(whole)) return whole;
  const control = CONTROL[letter];
  if (control !== undefined) return control;
  if (/[A-Za-z0-9]/.test(letter)) throw new Refusal(`\\${letter} is no escape of Python's regular expressions`);
  return numbered(letter.codePointAt(0) ?? 0);
}

/** The content of `[…]`. A `]` at its beginning and every `[` are characters. */
function inClass(set: string, ascii: boolean): string {
  return set.replaceAll(/\\(?:U[0-9A-Fa-f]{8}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[0-7]{1,3}|[^])|[[\]{}()|/]/g, (part) => {
    if (!part.startsWith('\\')) return `\\${part}`;
    if (/^\\[0-7]/.test(part)) return numbered(Number.parseInt(part.slice(1), 8));
    if (part === String.raw`\-`) return part;
    if (!ascii && part === String.raw`\w`) return LETTER;
    if (!ascii && part === String.raw`\d`) return String.raw`\p{Nd}`;
    if (/^\\[AZBb]/.test(part)) {
      if (part === String.raw`\b`) return part;
      throw new Refusal(`${part} inside […] is no escape of Python's regular expressions`);
    }
    return escape(part);
  });
}

function numbered(code: number): string {
  if (code > 0x10_ff_ff) throw new Refusal('a character beyond U+10FFFF does not exist');
  return `\\u{${code.toString(16)}}`;
}
