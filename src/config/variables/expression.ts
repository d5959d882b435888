import { readLiteral, type Literal } from '../python/literal.ts';

/** The content of `{{ … }}`: a name with steps into it, or a literal, and the defaults behind it. */
export interface Expression {
  readonly start: Operand;
  /** In order. `orEmpty` is `default(x, true)`: it also replaces an empty or false value. */
  readonly defaults: readonly { readonly operand: Operand; readonly orEmpty: boolean }[];
}

export type Operand =
  | { readonly kind: 'name'; readonly name: string; readonly steps: readonly (string | number)[] }
  | { readonly kind: 'literal'; readonly value: Literal };

const NAME = /^[A-Za-z_]\w*/;
const WORDS = new Map<string, Literal>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);

/** Parses a plain reference or a literal with `default()`. A text names the part that hxllm does not support. */
export function readExpression(text: string): Expression | string {
  const [first = '', ...filters] = splitAtPipes(text);
  const start = readOperand(first.trim());
  if (typeof start === 'string') return start;
  const defaults: { readonly operand: Operand; readonly orEmpty: boolean }[] = [];
  for (const filter of filters) {
    const match = /^(default|d)\s*\(([^]*)\)$/.exec(filter.trim());
    if (match === null) return `the filter ${/^\w*/.exec(filter.trim())?.[0] ?? filter}`;
    const [given = '', flag, ...more] = splitOutside(match[2] ?? '', ',').map((part) => part.trim());
    const parsed = flag === undefined ? false : WORDS.get(flag.replace(/^boolean\s*=\s*/, ''));
    if (more.length > 0 || typeof parsed !== 'boolean') return `default() with the arguments ${match[2] ?? ''}`;
    const operand = given === '' ? ({ kind: 'literal', value: '' } as const) : readOperand(given);
    if (typeof operand === 'string') return operand;
    defaults.push({ operand, orEmpty: parsed });
  }
  return { start, defaults };
}

function readOperand(text: string): Operand | string {
  const word = WORDS.get(text);
  if (word !== undefined) return { kind: 'literal', value: word };
  const name = NAME.exec(text)?.[0];
  const literal = name === undefined ? readLiteral(text) : undefined;
  if (literal !== undefined) return { kind: 'literal', value: literal };
  if (name === undefined) return text === '' ? 'nothing between the braces' : `the expression ${text}`;
  const steps: (string | number)[] = [];
  let rest = text.slice(name.length).trim();
  while (rest !== '') {
    const step = /^\.\s*([A-Za-z_]\w*)|^\[\s*(?:'([^']*)'|"([^"]*)"|(-?\d+))\s*\]/.exec(rest);
    if (step === null) return rest.startsWith('(') ? `the call ${name}(…)` : `the expression ${text}`;
    steps.push(step[4] === undefined ? (step[1] ?? step[2] ?? step[3] ?? '') : Number(step[4]));
    rest = rest.slice(step[0].length).trim();
    // x.y() calls a method.
    if (rest.startsWith('(')) return `the call ${text.slice(0, text.length - rest.length)}(…)`;
  }
  return { kind: 'name', name, steps };
}

function splitAtPipes(text: string): readonly string[] {
  return splitOutside(text, '|');
}

/** Splits at a character outside quotation marks and brackets. */
function splitOutside(text: string, sign: string): readonly string[] {
  const parts: string[] = [''];
  let quote = '';
  let depth = 0;
  for (const next of text) {
    if (quote === '' && depth === 0 && next === sign) {
      parts.push('');
      continue;
    }
    if (quote !== '') quote = next === quote ? '' : quote;
    else if (next === "'" || next === '"') quote = next;
    else if ('([{'.includes(next)) depth += 1;
    else if (')]}'.includes(next)) depth -= 1;
    parts[parts.length - 1] = `${parts.at(-1) ?? ''}${next}`;
  }
  return parts;
}
