import { isObject, parseJson, type Json } from '../core/json.ts';

/** JSON for the rooms of the gateway that may import no other room. */
export { count, isObject, parseJson, parseObject, textOf, type Json } from '../core/json.ts';

/**
 * The arguments of a tool call, which clients and some servers send as OpenAI has them: JSON in a string. A model may have written other
 * text, or been cut off, and a client sends that back with every turn: a text that is no object becomes the one argument `arguments`, since
 * a model's template needs an object.
 */
export function toolArguments(text: unknown): Json {
  if (isObject(text)) return text;
  if (text === undefined || text === null || text === '') return {};
  const parsed = typeof text === 'string' ? parseJson(text) : text;
  if (parsed === null) return {};
  return isObject(parsed) ? parsed : { arguments: typeof text === 'string' ? text : JSON.stringify(text) };
}
