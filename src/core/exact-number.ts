/** `JSON.rawJSON` (ES2026, Node.js 21), which TypeScript's library does not have yet. */
interface RawJson {
  readonly rawJSON: (text: string) => unknown;
}

/** A number for JSON.stringify, which refuses a bigint: a 64-bit seed keeps every digit. */
export function exactNumber(value: unknown): unknown {
  return typeof value === 'bigint' ? (JSON as unknown as RawJson).rawJSON(String(value)) : value; // see above
}
