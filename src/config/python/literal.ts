/** A Python literal as JSON data. Tuples and sets are lists. */
export type Literal = string | number | boolean | null | readonly Literal[] | ReadonlyMap<string, Literal>;

/**
 * Parses the input of Python's `ast.literal_eval`: text, numbers, booleans, None, lists, tuples, sets and dicts, with a
 * trailing comment. `undefined` if Python would refuse; the value then stays text. Integers beyond 2^53 stay text too,
 * since a JavaScript number cannot hold them.
 */
export function readLiteral(text: string): Literal | undefined {
  const reader = new LiteralReader(text.replace(/^[ \t]+/, ''));
  return reader.readAll();
}

const REFUSED = Symbol('refused');
type Read = Literal | typeof REFUSED;
const WORDS: Readonly<Record<string, Literal>> = { True: true, False: false, None: null };
const NUMBER =
  /^(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][-+]?\d(?:_?\d)*)?|\d(?:_?\d)*\.?(?:[eE][-+]?\d(?:_?\d)*)?)(?![\w.])/;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

class LiteralReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readAll(): Literal | undefined {
    const first = this.#value();
    if (first === REFUSED) return undefined;
    this.#skip();
    if (this.#at >= this.#text.length) return first;
    // A comma outside brackets makes a tuple.
    if (!this.#take(',')) return undefined;
    const rest = this.#items('');
    return rest === REFUSED ? undefined : [first, ...rest.items];
  }

  #skip(): void {
    const inside = this.#depth > 0 ? /^(?:[ \t\f\n]|#[^\n]*)*/ : /^(?:[ \t\f]*)(?:#[^\n]*)?/;
    this.#at += inside.exec(this.#text.slice(this.#at))?.[0].length ?? 0;
  }

  #take(sign: string): boolean {
    this.#skip();
    if (sign === '' ? this.#at < this.#text.length : !this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  #value(): Read {
    this.#skip();
    if (this.#depth > 100) return REFUSED;
    const rest = this.#text.slice(this.#at);
    const [sign = ''] = rest;
    if (sign === '[' || sign === '(' || sign === '{') return this.#bracket(sign);
    if (/^[rRuUbB]?['"]/.test(rest)) return this.#texts();
    if (sign === '+' || sign === '-') return this.#signed(sign);
    if (/^[\d.]/.test(rest)) return this.#number(rest);
    const word = /^(?:True|False|None)(?!\w)/.exec(rest)?.[0];
    if (word === undefined) return REFUSED;
    this.#at += word.length;
    return WORDS[word] ?? null;
  }

  #signed(sign: string): Read {
    this.#at += 1;
    this.#skip();
    const value = this.#number(this.#text.slice(this.#at));
    if (typeof value !== 'number') return REFUSED;
    return sign === '-' ? 0 - value : value;
  }

  #number(rest: string): Read {
    const seen = NUMBER.exec(rest)?.[0];
    // Python refuses leading zeros (010), but accepts zeros alone.
    if (seen === undefined || /^0[\d_]*[1-9][\d_]*$/.test(seen)) return REFUSED;
    this.#at += seen.length;
    const value = Number(seen.replaceAll('_', ''));
    if (!Number.isFinite(value)) return REFUSED;
    return Number.isInteger(value) && !/[.eE]/.test(seen.replace(/^0[xX].*/, '')) && !Number.isSafeInteger(value)
      ? REFUSED
      : value;
  }

  #bracket(open: '[' | '(' | '{'): Read {
    this.#at += 1;
    this.#depth += 1;
    const value = open === '{' ? this.#braces() : this.#sequence(open);
    this.#depth -= 1;
    return value;
  }

  #sequence(open: '[' | '('): Read {
    const read = this.#items(open === '[' ? ']' : ')');
    if (read === REFUSED) return REFUSED;
    const [only] = read.items;
    // (5) is 5; only a comma makes the tuple (5,).
    return open === '(' && read.items.length === 1 && !read.comma && only !== undefined ? only : read.items;
  }

  /** Parses items up to the closing bracket. `comma`: the last item has a comma behind it. */
  #items(close: string): { readonly items: readonly Literal[]; readonly comma: boolean } | typeof REFUSED {
    const items: Literal[] = [];
    while (!this.#take(close)) {
      const item = this.#value();
      if (item === REFUSED) return REFUSED;
      items.push(item);
      if (this.#take(',')) continue;
      return this.#take(close) ? { items, comma: false } : REFUSED;
    }
    return { items, comma: items.length > 0 };
  }

  #braces(): Read {
    if (this.#take('}')) return new Map();
    const first = this.#value();
    if (first === REFUSED) return REFUSED;
    if (!this.#take(':')) {
      if (this.#take('}')) return [first];
      if (!this.#take(',')) return REFUSED;
      const rest = this.#items('}');
      return rest === REFUSED ? REFUSED : [first, ...rest.items];
    }
    const entries = new Map<string, Literal>();
    let key: Literal = first;
    for (;;) {
      const value = this.#value();
      if (value === REFUSED || (typeof key === 'object' && key !== null)) return REFUSED;
      entries.set(String(key), value);
      const more = this.#take(',');
      if (this.#take('}')) return entries;
      const next = more ? this.#value() : REFUSED;
      if (next === REFUSED || !this.#take(':')) return REFUSED;
      key = next;
    }
  }

  /** Parses one text, or adjacent texts, which Python joins. */
  #texts(): Read {
    let joined = '';
    let bytes = false;
    for (let found = false; ; found = true) {
      this.#skip();
      const head = /^([rRuUbB]?)('''|"""|'|")/.exec(this.#text.slice(this.#at));
      if (head === null) return found ? joined : REFUSED;
      this.#at += head[0].length;
      const part = this.#textBody(head[2] ?? "'", /r/i.test(head[1] ?? ''));
      const isBytes = /b/i.test(head[1] ?? '');
      // Bytes are ASCII only, and are not joined with text.
      if (part === undefined || (isBytes && /[^\0-\u007F]/.test(part)) || (found && isBytes !== bytes)) return REFUSED;
      bytes = isBytes;
      joined += part;
    }
  }

  #textBody(quote: string, raw: boolean): string | undefined {
    let text = '';
    while (this.#at < this.#text.length) {
      if (this.#text.startsWith(quote, this.#at)) {
        this.#at += quote.length;
        return text;
      }
      const sign = this.#text.charAt(this.#at);
      if (sign === '\n' && quote.length === 1) return undefined;
      if (sign !== '\\') {
        text += sign;
        this.#at += 1;
        continue;
      }
      const escape = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([^]))/.exec(
        this.#text.slice(this.#at),
      );
      // \x, \u and \N need more characters; Python refuses the whole text without them.
      if (escape === null || (!raw && /^[xuUN]$/.test(escape[5] ?? ''))) return undefined;
      this.#at += raw ? 2 : escape[0].length;
      if (raw) text += `\\${escape[0].charAt(1)}`;
      else text += unescape(escape);
    }
    return undefined;
  }
}

function unescape(escape: RegExpExecArray): string {
  const hex = escape[1] ?? escape[2] ?? escape[3];
  if (hex !== undefined) return String.fromCodePoint(Math.min(Number.parseInt(hex, 16), 0x10_ff_ff));
  if (escape[4] !== undefined) return String.fromCodePoint(Number.parseInt(escape[4], 8));
  const sign = escape[5] ?? '';
  return ESCAPES[sign] ?? `\\${sign}`;
}
