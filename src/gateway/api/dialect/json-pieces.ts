import type { Json } from '../../json.ts';

/** Items from which on a list is written in pieces. */
const LONG_LIST = 17;

/** Whether a list is long enough to be written in pieces. */
export function isLong(list: readonly unknown[]): boolean {
  return list.length >= LONG_LIST;
}

/**
 * The JSON text of an object, with the items of one list in pieces of their own: a large response is written in several turns of the
 * event loop. Together the pieces are the text of JSON.stringify.
 */
export function* jsonPieces(
  object: Json,
  listName: string,
  items: readonly unknown[],
  itemOf: (item: unknown, index: number) => unknown = (item) => item,
): Generator<string> {
  let before = '{';
  for (const [name, value] of Object.entries(object)) {
    if (name === listName) {
      let beforeItem = `${before}${JSON.stringify(name)}:[`;
      for (const [index, item] of items.entries()) {
        yield `${beforeItem}${JSON.stringify(itemOf(item, index))}`;
        beforeItem = ',';
      }
      yield beforeItem === ',' ? ']' : `${beforeItem}]`;
      before = ',';
    } else if (value !== undefined) {
      yield `${before}${JSON.stringify(name)}:${JSON.stringify(value)}`;
      before = ',';
    }
  }
  yield before === '{' ? '{}' : '}';
}
