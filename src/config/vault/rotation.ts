import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar } from 'yaml';
import { variablesOf, variablesDocument } from './variable-text.ts';

/**
 * The text of a variables file in which a variable has another name, with its value as it is written. `first` is a new variable in a line
 * of its own before it, YAML text as in {@link withVariable}. `undefined`: a person has to edit the text, as there.
 */
export function withRenamed(
  text: string,
  from: string,
  to: string,
  first?: { readonly name: string; readonly value: string },
): string | undefined {
  const place = placeOf(text, from);
  const before = variablesOf(text);
  if (place === undefined || before === undefined || (before.has(to) && to !== first?.name)) return undefined;
  const { start, keyEnd, indent, lineEnd } = place;
  const added = first === undefined ? '' : `${first.name}: ${first.value}${lineEnd}${indent}`;
  const after = `${text.slice(0, start)}${added}${to}${text.slice(keyEnd)}`;
  const wanted = new Map(before);
  wanted.delete(from);
  wanted.set(to, before.get(from));
  if (first !== undefined) wanted.set(first.name, variablesDocument(first.value).toJS());
  return isDeepStrictEqual(variablesOf(after), wanted) ? after : undefined;
}

/** The text of a variables file without the lines of a variable; the text itself where it is not there. `undefined`: as in {@link withRenamed}. */
export function withoutVariable(text: string, name: string): string | undefined {
  const before = variablesOf(text);
  if (before === undefined) return undefined;
  if (!before.has(name)) return text;
  const place = placeOf(text, name);
  if (place === undefined) return undefined;
  const from = text.lastIndexOf('\n', place.start - 1) + 1;
  const end = text[place.valueEnd - 1] === '\n' ? place.valueEnd : text.indexOf('\n', place.valueEnd) + 1;
  const after = `${text.slice(0, from)}${end === 0 ? '' : text.slice(end)}`;
  const wanted = new Map(before);
  wanted.delete(name);
  return isDeepStrictEqual(variablesOf(after) ?? new Map(), wanted) ? after : undefined;
}

interface VariablePlace {
  readonly start: number;
  readonly keyEnd: number;
  readonly valueEnd: number;
  readonly indent: string;
  readonly lineEnd: string;
}

/** The place of a variable that stands once in a mapping of lines. */
function placeOf(text: string, name: string): VariablePlace | undefined {
  const { errors, contents } = variablesDocument(text);
  if (errors.length > 0 || !isMap(contents) || contents.flow === true) return undefined;
  const [pair, ...others] = contents.items.filter(({ key }) => isScalar(key) && key.value === name);
  if (pair === undefined || others.length > 0 || !isScalar(pair.key) || !isScalar(pair.value)) return undefined;
  const [key, value] = [pair.key.range, pair.value.range];
  if (!key || !value) return undefined;
  const indent = /[ \t]*$/.exec(text.slice(0, key[0]))?.[0] ?? '';
  return {
    start: key[0],
    keyEnd: key[1],
    valueEnd: value[1],
    indent,
    lineEnd: text.includes('\r\n') ? '\r\n' : '\n',
  };
}
