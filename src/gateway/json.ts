/** JSON whose shape nobody has vouched for. */
export type Json = Readonly<Record<string, unknown>>;

/** Parses text that should be a JSON object; `undefined` when it is not. */
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

/** The number of a field; Ollama leaves out what is zero. */
export function count(json: Json, field: string): number {
  const value = json[field];
  return typeof value === 'number' ? value : 0;
}

/** The text of a field, or nothing. */
export function textOf(json: Json, field: string): string {
  const value = json[field];
  return typeof value === 'string' ? value : '';
}
