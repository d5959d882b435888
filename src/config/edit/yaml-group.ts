import { isMap, isScalar, LineCounter, parseDocument, type Pair, type YAMLMap } from 'yaml';
import { appendBlock, insertAfterLine } from './lines.ts';

/**
 * Adds a host to a group of a YAML inventory. Every top-level key is a group: a missing group is appended to the file,
 * and in an existing top-level group the host is put first. `undefined` if the file has no safe place (flow style,
 * anchors) and must be edited by hand.
 */
export function addToYamlGroup(text: string, group: string, host: string, comment: string): string | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { version: '1.1', uniqueKeys: false, lineCounter: lines });
  const root = document.contents;
  if (document.errors.length > 0 || /^\.\.\.\s*$/m.test(text)) return undefined;
  if (root !== null && (!isMap(root) || root.flow === true)) return undefined;
  const column = indentOf(root, lines) ?? 0;
  const found = root === null ? undefined : pairOf(root, group);
  if (found === undefined)
    return appendBlock(text, indent(column, [`# ${comment}`, `${group}:`, '  hosts:', `    ${host}:`]));
  const hosts = isMap(found.value) ? pairOf(found.value, 'hosts') : undefined;
  const place = hosts ?? (isEmpty(found) ? found : undefined);
  if (place === undefined || (isMap(place.value) && place.value.flow === true)) return undefined;
  const line = lineOf(place, lines);
  const at = indentOf(place.value, lines);
  if (at !== undefined) return insertAfterLine(text, line, indent(at, [`${host}:`]));
  if (!isEmpty(place)) return undefined;
  const own = columnOf(place, lines);
  return insertAfterLine(
    text,
    line,
    hosts === undefined ? indent(own + 2, ['hosts:', `  ${host}:`]) : indent(own + 2, [`${host}:`]),
  );
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

function isEmpty(pair: Pair): boolean {
  return pair.value === null || (isScalar(pair.value) && pair.value.value === null && pair.value.source === '');
}

function startOf(pair: Pair | undefined): number {
  return isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0;
}

function lineOf(pair: Pair, lines: LineCounter): number {
  return lines.linePos(startOf(pair)).line;
}

function columnOf(pair: Pair, lines: LineCounter): number {
  return lines.linePos(startOf(pair)).col - 1;
}

/** The indentation of the keys of a block mapping. */
function indentOf(node: unknown, lines: LineCounter): number | undefined {
  const [first] = isMap(node) ? node.items : [];
  return first === undefined ? undefined : columnOf(first, lines);
}

function indent(columns: number, block: readonly string[]): readonly string[] {
  return block.map((line) => ' '.repeat(columns) + line);
}
