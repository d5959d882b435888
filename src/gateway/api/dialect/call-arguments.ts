import { isObject, parseJson, type Json } from '../../json.ts';

/**
 * Reads the arguments of a tool call in a history, in OpenAI's format: JSON in a string. A model may have written other text, or been cut
 * off: the client sends it back with every turn, so the conversation would end for good if it were refused. A text that
 * is no object becomes the one argument `arguments`, since a model's template needs an object.
 */
export function readArguments(text: unknown): Json {
  if (isObject(text)) return text;
  if (text === undefined || text === null || text === '') return {};
  const parsed = typeof text === 'string' ? parseJson(text) : text;
  if (parsed === null) return {};
  return isObject(parsed) ? parsed : { arguments: typeof text === 'string' ? text : JSON.stringify(text) };
}
