import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, parseDocument } from 'yaml';
import { appendBlock } from '../edit/lines.ts';
import { VAULT_TAGS } from '../document/inline-vaults.ts';

/** A value as YAML text: quoted, and of characters that YAML 1.1 allows as they are. A value with Jinja's signs is kept from templates. */
export function quotedValue(value: string): string {
  // PyYAML takes U+0085, U+2028 and U+2029 for line ends, and refuses control characters.
  const quoted = JSON.stringify(value).replaceAll(
    /[\u007F-\u00A0\u2028\u2029\uFEFF\uFFFE\uFFFF]/g,
    (sign) => `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
  return `${/\{[{%#]/.test(value) ? '!unsafe ' : ''}${quoted}`;
}

/**
 * The text of a variables file with a variable set to a value, which is YAML text in one line. All other bytes stay; a variable that is not there comes at the end.
 * `undefined`: the text is no mapping, or the variable is more than a line's value, or another variable would change with it, so a person has to edit it.
 */
export function withVariable(text: string, name: string, value: string): string | undefined {
  const after = rewritten(text, name, value);
  return after !== undefined && isDeepStrictEqual(valuesOf(after, name), withValue(text, name, value))
    ? after
    : undefined;
}

function rewritten(text: string, name: string, value: string): string | undefined {
  const { errors, contents } = variablesDocument(text);
  if (errors.length > 0) return undefined;
  const line = `${name}: ${value}`;
  if (contents === null || (isScalar(contents) && contents.value === null)) return appendBlock(text, [line]);
  if (!isMap(contents) || contents.flow === true) return undefined;
  // Of a key that stands twice the last one counts.
  const pair = contents.items.findLast(({ key }) => isScalar(key) && key.value === name);
  if (pair === undefined) {
    const start = contents.range?.[0] ?? 0;
    const indent = /[ \t]*$/.exec(text.slice(0, start))?.[0] ?? '';
    return appendBlock(text, [`${indent}${line}`]);
  }
  if (!isScalar(pair.value) || pair.value.range === undefined || pair.value.range === null) return undefined;
  const isBlock = pair.value.type === 'BLOCK_LITERAL' || pair.value.type === 'BLOCK_FOLDED';
  const [start, end] = pair.value.range;
  const from = start - (/(?:(?:!\S*|&\S+)[ \t]+)*$/.exec(text.slice(0, start))?.[0].length ?? 0);
  const rest = text.slice(end);
  const gap = text[from - 1] === ':' ? ' ' : '';
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  return `${text.slice(0, from)}${gap}${value}${isBlock ? lineEnd : rest.startsWith('#') ? ' ' : ''}${rest}`;
}

/** The text of a variables file as YAML; encrypted values stay as they are. */
export function variablesDocument(text: string) {
  return parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    customTags: [...VAULT_TAGS, '!unsafe'].map((tag) => ({ tag, resolve: (sealed: string) => sealed })),
  });
}

/** The variables of a text, encrypted values as they are; `undefined` where it is no mapping, or an alias has lost its anchor. */
export function variablesOf(text: string): ReadonlyMap<unknown, unknown> | undefined {
  const document = variablesDocument(text);
  if (document.errors.length > 0) return undefined;
  try {
    const values: unknown = document.toJS({ mapAsMap: true });
    return values instanceof Map ? values : undefined;
  } catch {
    return undefined;
  }
}

/** The variable of a name, and all others. */
function valuesOf(text: string, name: string): readonly unknown[] | undefined {
  const values = variablesOf(text);
  return values === undefined ? undefined : [values.get(name), [...values].filter(([key]) => key !== name)];
}

function withValue(text: string, name: string, value: string): readonly unknown[] {
  return [variablesDocument(value).toJS(), valuesOf(text, name)?.[1] ?? []];
}

/** The names that a file of variables sets. Empty where it is no mapping. */
export function variableNames(text: string): readonly string[] {
  const { contents } = variablesDocument(text);
  return isMap(contents) ? contents.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : [])) : [];
}
