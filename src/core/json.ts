/** A JSON object of unknown shape. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object: neither null nor a list. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses a text as JSON; `undefined` if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Parses a text as a JSON object; `undefined` if it is not one. */
export function parseObject(text: string): Json | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
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
