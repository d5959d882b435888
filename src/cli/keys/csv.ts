/**
 * Reads CSV as PostgreSQL writes it (RFC 4180): a header, fields in quotes with `""` for a quote, line feeds inside of them. A field without
 * quotes that is empty is NULL. Returns the rows by the names of the header, or the line where the text is broken. A few lines instead of a
 * package: its only reader is the import.
 */
export function readCsv(
  text: string,
): readonly Readonly<Record<string, string | undefined>>[] | { readonly line: number } {
  const rows: (string | undefined)[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  let row: (string | undefined)[] = [];
  while (field.lastIndex < source.length) {
    const at = field.lastIndex;
    const found = field.exec(source);
    if (found === null) return { line: source.slice(0, at).split('\n').length };
    const [, quoted, plain, end] = found;
    row.push(quoted === undefined ? (plain === '' ? undefined : plain) : quoted.replaceAll('""', '"'));
    if (end === ',') {
      // A comma at the end of the text begins a last, empty field.
      if (field.lastIndex === source.length) row.push(undefined);
      else continue;
    }
    if (row.length > 1 || row[0] !== undefined) rows.push(row);
    row = [];
  }
  const [names = [], ...values] = rows;
  return values.map((one) => Object.fromEntries(names.map((name, index) => [name ?? '', one[index]])));
}

/** Reads an array as PostgreSQL writes it, `{a,"b c"}`, or as JSON; `undefined` for another text. */
export function readArray(text: string): readonly string[] | undefined {
  if (text.startsWith('[')) {
    try {
      const value: unknown = JSON.parse(text);
      return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
    } catch {
      return undefined;
    }
  }
  if (!/^\{.*\}$/s.test(text)) return undefined;
  const items: string[] = [];
  const item = /(?:"((?:[^"\\]|\\.)*)"|([^",{}]+))(,|$)/sy;
  const inside = text.slice(1, -1);
  while (item.lastIndex < inside.length) {
    const found = item.exec(inside);
    if (found === null) return undefined;
    items.push(found[1] === undefined ? (found[2] ?? '') : found[1].replaceAll(/\\(.)/gs, '$1'));
  }
  return items;
}
