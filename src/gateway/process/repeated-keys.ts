import { isMap, isNode, isScalar, isSeq, type Document } from 'yaml';
import type { DocumentPath } from '../../schema/issue.ts';

/** A key that a mapping has again. */
export interface RepeatedKey {
  readonly path: DocumentPath;
  /** Its offset, and that of the last one. */
  readonly offset: number;
  readonly lastOffset: number;
}

/** The name of yaml's own value for a merge key. */
const MERGE = 'Symbol(<<)';

/** The keys that a mapping has again, in the order of the text: the last one counts, as in PyYAML. */
export function repeatedKeys(document: Document): readonly RepeatedKey[] {
  const repeated: RepeatedKey[] = [];
  const waiting: { readonly node: unknown; readonly path: DocumentPath }[] = [{ node: document.contents, path: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, path } = next;
    if (isSeq(node))
      for (const [index, item] of node.items.entries()) waiting.push({ node: item, path: [...path, index] });
    if (!isMap(node)) continue;
    const last = new Map(node.items.map((pair) => [nameOf(pair.key), pair]));
    for (const pair of node.items) {
      const name = nameOf(pair.key);
      const at = [...path, name];
      const counting = last.get(name) ?? pair;
      // Each of several merge keys counts.
      if (counting !== pair && name !== MERGE)
        repeated.push({ path: at, offset: offsetAt(pair.key), lastOffset: offsetAt(counting.key) });
      waiting.push({ node: pair.value, path: at });
    }
  }
  return repeated.toSorted((a, b) => a.offset - b.offset);
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function offsetAt(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
