import { isMap, isScalar, parseDocument } from 'yaml';
import { appendBlock } from '../edit/lines.ts';
import { VAULT_TAGS } from '../document/inline-vaults.ts';

/** A value as YAML text: quoted. A value with Jinja's signs is kept from templates. */
export function quotedValue(value: string): string {
  return `${/\{[{%#]/.test(value) ? '!unsafe ' : ''}${JSON.stringify(value)}`;
}

/**
 * The text of a variables file with a variable set to a value, which is YAML text in one line. All other bytes stay; a variable that is not there comes at the end.
 * `undefined`: the text is no mapping, or the variable is more than a line's value, so a person has to edit it.
 */
export function withVariable(text: string, name: string, value: string): string | undefined {
  const document = parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    customTags: VAULT_TAGS.map((tag) => ({ tag, resolve: (sealed: string) => sealed })),
  });
  if (document.errors.length > 0) return undefined;
  const line = `${name}: ${value}`;
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return appendBlock(text, [line]);
  if (!isMap(contents) || contents.flow === true) return undefined;
  // Of a key that stands twice the last one counts.
  const pair = contents.items.findLast(({ key }) => isScalar(key) && key.value === name);
  if (pair === undefined)
    return /^(?:---|\.\.\.)\s*$/m.test(text.trimEnd().split('\n').at(-1) ?? '') && text.trim() !== '---'
      ? undefined
      : appendBlock(text, [line]);
  if (!isScalar(pair.value) || pair.value.range === undefined || pair.value.range === null) return undefined;
  const isSealed = VAULT_TAGS.includes(pair.value.tag ?? '');
  const isBlock = pair.value.type === 'BLOCK_LITERAL' || pair.value.type === 'BLOCK_FOLDED';
  const [start, end] = pair.value.range;
  const from = isSealed ? text.lastIndexOf(pair.value.tag ?? '', start) : start;
  const gap = text[from - 1] === ':' ? ' ' : '';
  return `${text.slice(0, from)}${gap}${value}${isBlock ? '\n' : ''}${text.slice(end)}`;
}

/** The names that a file of variables sets. Empty where it is no mapping. */
export function variableNames(text: string): readonly string[] {
  const { contents } = parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    customTags: VAULT_TAGS.map((tag) => ({ tag, resolve: (sealed: string) => sealed })),
  });
  return isMap(contents) ? contents.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : [])) : [];
}
