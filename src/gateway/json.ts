/** A JSON object of unknown shape. */
export type Json = Readonly<Record<string, unknown>>;

/** Parses a text as a JSON object; `undefined` if it is not one. */
export function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The number in a field; 0 if it is missing, since Ollama leaves out zeros. */
export function count(json: Json, field: string): number {
  const value = json[field];
  return typeof value === 'number' ? value : 0;
}

/** The text in a field; empty if it is missing. */
export function textOf(json: Json, field: string): string {
  const value = json[field];
  return typeof value === 'string' ? value : '';
}
