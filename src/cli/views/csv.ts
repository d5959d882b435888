import type { Json } from '../../core/json.ts';
import { printable } from '../../core/printable.ts';

/** Rows as CSV (RFC 4180). A text that a spreadsheet would calculate has a quote before it. */
export function csvLines(names: readonly string[], rows: readonly Json[]): readonly string[] {
  return [names.join(','), ...rows.map((row) => names.map((name) => csvCell(row[name])).join(','))];
}

function csvCell(value: unknown): string {
  if (typeof value === 'number') return String(value);
  const plain = printable(textIn(value));
  const safe = /^[=+\-@\t]/.test(plain) && plain !== '-' ? `'${plain}` : plain;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
    ? value.join(',')
    : JSON.stringify(value);
}
