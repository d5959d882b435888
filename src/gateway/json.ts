import type { Json } from '../core/json.ts';

export { isObject, parseJson, parseObject, type Json } from '../core/json.ts';

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
