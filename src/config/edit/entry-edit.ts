import { isDeepStrictEqual } from 'node:util';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { fail, ok, type Result } from '../../core/problem.ts';
import { plainOf } from '../value.ts';
import { isVaultText } from '../vault/envelope.ts';
import { insertAfterLine } from './lines.ts';
import { variablesIn, type VariablesText } from './variables-edit.ts';

/** A key of one entry of a list variable, with its wanted value. */
export interface EntryKey {
  /** The position of the entry, from 0. */
  readonly index: number;
  readonly key: string;
  readonly value: number;
}

/** A list variable of a variables file. */
export interface EntryList {
  readonly variable: string;
  /** The number of its entries as they were read. */
  readonly length: number;
  /** The key of an entry that is a text alone: `url` of `- http://llm01:11434`. */
  readonly mainKey: string;
}

/**
 * Sets keys in the entries of a list variable. An entry that is a text becomes a mapping; comments, order and all other bytes stay. The
 * result is parsed again: the entries must have the keys, and everything else its value. Problem `variables.edit-by-hand`.
 */
export async function setEntryKeys(
  { text, file }: VariablesText,
  list: EntryList,
  keys: readonly EntryKey[],
): Promise<Result<string>> {
  const byHand = (seen: string): Result<string> =>
    fail({
      code: 'variables.edit-by-hand',
      summary: `cannot change ${list.variable} in ${file} without rewriting it`,
      detail: `Expected entries that can be extended in place, found ${seen}.`,
      fix: `add to ${list.variable} by hand: ${keys.map(({ index, key, value }) => `${key}: ${String(value)} (entry ${String(index + 1)})`).join(', ')}`,
      where: { file },
    });
  if (isVaultText(text)) return byHand('an encrypted file');
  const before = await variablesIn({ text, file });
  const entries = before?.get(list.variable);
  if (before === undefined || entries === undefined) return byHand('no such variable at the top of the file');
  const plain = plainOf(entries);
  if (!Array.isArray(plain) || plain.length !== list.length) return byHand('a value that is not the list itself');
  let after = text;
  for (const wanted of keys) {
    const edited = setKey(after, list, wanted);
    if ('seen' in edited) return byHand(edited.seen);
    after = edited.text;
  }
  const read = await variablesIn({ text: after, file });
  const expected = plain.map((entry: unknown, index): unknown => {
    const own = keys.filter((wanted) => wanted.index === index).map(({ key, value }) => [key, value] as const);
    if (own.length === 0) return entry;
    const mapping = typeof entry === 'object' && entry !== null ? entry : { [list.mainKey]: entry };
    return { ...mapping, ...Object.fromEntries(own) };
  });
  const kept =
    read !== undefined &&
    read.size === before.size &&
    [...before].every(([name, value]) => {
      const now = read.get(name);
      return now !== undefined && isDeepStrictEqual(plainOf(now), name === list.variable ? expected : plainOf(value));
    });
  return kept ? ok(after) : byHand('YAML in which the change would have another meaning');
}

type Edited = { readonly text: string } | { readonly seen: string };

function setKey(text: string, { variable, mainKey }: EntryList, { index, key, value }: EntryKey): Edited {
  const lines = new LineCounter();
  const { contents } = parseDocument(text, { version: '1.1', uniqueKeys: false, lineCounter: lines });
  // Of duplicate keys the last one counts.
  const pair = isMap(contents)
    ? contents.items.findLast(({ key: name }) => isScalar(name) && name.value === variable)
    : undefined;
  if (!isSeq(pair?.value)) return { seen: 'a value that is not the list itself' };
  const entry: unknown = pair.value.items[index];
  // A JSON file stays JSON.
  const quoted = /^\s*[{[]/.test(text) ? (name: string) => JSON.stringify(name) : (name: string) => name;
  const line = `${quoted(key)}: ${String(value)}`;
  if (isAlias(entry)) return { seen: 'an alias (a word behind "*")' };
  if (isScalar(entry)) {
    const place = rangeOf(entry, text);
    if (place === undefined || String(entry.value).includes('{{'))
      return { seen: 'a template, an anchor or a text of several lines' };
    const [start, end] = place;
    const main = `${quoted(mainKey)}: ${text.slice(start, end)}`;
    if (pair.value.flow === true) return { text: `${text.slice(0, start)}{${main}, ${line}}${text.slice(end)}` };
    const { line: number, col } = lines.linePos(start);
    return {
      text: insertAfterLine(`${text.slice(0, start)}${main}${text.slice(end)}`, number, [
        `${' '.repeat(col - 1)}${line}`,
      ]),
    };
  }
  if (!isMap(entry)) return { seen: 'an entry that is no mapping' };
  return inMapping(text, entry, { key, value, line, mainKey }, lines);
}

function inMapping(
  text: string,
  entry: YAMLMap,
  {
    key,
    value,
    line,
    mainKey,
  }: { readonly key: string; readonly value: number; readonly line: string; readonly mainKey: string },
  lines: LineCounter,
): Edited {
  const existing = pairOf(entry, key);
  if (existing !== undefined) {
    const place = isScalar(existing.value) ? rangeOf(existing.value, text) : undefined;
    return place === undefined || place[0] === place[1]
      ? { seen: `a ${key} that is no plain number` }
      : { text: `${text.slice(0, place[0])}${String(value)}${text.slice(place[1])}` };
  }
  const neighbour = pairOf(entry, mainKey);
  const end = isScalar(neighbour?.value) ? rangeOf(neighbour.value, text)?.[1] : undefined;
  const start = isScalar(neighbour?.key) ? neighbour.key.range?.[0] : undefined;
  if (end === undefined || start === undefined) return { seen: `an entry whose ${mainKey} is no text on one line` };
  if (entry.flow === true) return { text: `${text.slice(0, end)}, ${line}${text.slice(end)}` };
  return {
    text: insertAfterLine(text, lines.linePos(end).line, [`${' '.repeat(lines.linePos(start).col - 1)}${line}`]),
  };
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.findLast(({ key }) => isScalar(key) && key.value === name);
}

/** The place of a scalar on one line, without an anchor or a tag; else `undefined`. */
function rangeOf({ range, anchor, tag, type }: Scalar, text: string): readonly [number, number] | undefined {
  if (range === undefined || range === null || anchor !== undefined || tag !== undefined) return undefined;
  const [start, end] = range;
  return type === 'BLOCK_FOLDED' || type === 'BLOCK_LITERAL' || text.slice(start, end).includes('\n')
    ? undefined
    : [start, end];
}
