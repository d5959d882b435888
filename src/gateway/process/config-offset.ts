import { isAlias, isMap, isNode, isScalar, isSeq, type Document, type Node, type Pair, type YAMLMap } from 'yaml';
import type { DocumentPath } from '../../schema/issue.ts';

/** The offset of a document's path in its text: of its key or list item, or of the nearest parent if it is missing. */
export function offsetOf(document: Document, path: DocumentPath): number | undefined {
  let node = resolved(document, document.contents);
  let offset = node?.range?.[0];
  for (const step of path) {
    const found = stepInto(node, step);
    if (found === undefined) break;
    offset = found.offset ?? offset;
    node = resolved(document, found.value);
  }
  return offset;
}

/** The pairs of each mapping by their keys: a search in a long one for each of its keys takes minutes (300,000 keys). */
const PAIRS = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

function pairsIn(map: YAMLMap): ReadonlyMap<string, Pair> {
  const known = PAIRS.get(map);
  if (known !== undefined) return known;
  // Of a repeated key the last one counts.
  const pairs = new Map(
    map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : String(pair.key), pair]),
  );
  PAIRS.set(map, pairs);
  return pairs;
}

function stepInto(
  node: Node | undefined,
  step: string | number,
): { readonly offset: number | undefined; readonly value: unknown } | undefined {
  if (isMap(node)) {
    const pair = pairsIn(node).get(String(step));
    return pair === undefined
      ? undefined
      : { offset: isNode(pair.key) ? pair.key.range?.[0] : undefined, value: pair.value };
  }
  if (!isSeq(node) || typeof step !== 'number' || step >= node.items.length) return undefined;
  const item = node.items[step];
  return { offset: isNode(item) ? item.range?.[0] : undefined, value: item };
}

function resolved(document: Document, value: unknown): Node | undefined {
  if (isAlias(value)) return value.resolve(document);
  return isNode(value) ? value : undefined;
}
