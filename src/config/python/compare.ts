/** Compares as Python sorts text: by code points, where JavaScript's `<` compares UTF-16. */
export function comparePython(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
