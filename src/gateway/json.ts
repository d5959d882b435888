import { isObject, parseJson, type Json } from '../core/json.ts';

/** JSON for the rooms of the gateway that may import no other room. */
export { areNumbers, count, isObject, parseJson, parseObject, textOf, tokenCount, type Json } from '../core/json.ts';

/**
 * The arguments of a tool call, which clients and some servers send as OpenAI has them: JSON in a string. A model may have written other
 * text, or been cut off, and a client sends that back with every turn: a text that is no object becomes the one argument `arguments`, since
 * a model's template needs an object; so does a text with more values than are parsed in a moment, which no limit of a body has counted.
 */
export function toolArguments(text: unknown): Json {
  if (isObject(text)) return text;
  if (text === undefined || text === null || text === '') return {};
  if (typeof text === 'string' && hasManyValues(text)) return { arguments: text };
  const parsed = typeof text === 'string' ? parseJson(text) : text;
  if (parsed === null) return {};
  return isObject(parsed) ? parsed : { arguments: typeof text === 'string' ? text : JSON.stringify(text) };
}

/**
 * Whether a value has a number that JSON.parse may have rounded: one beyond 2^53, where not every integer is a number. Some of them are
 * exact, which only the text shows.
 */
export function hasRoundedNumber(value: unknown): boolean {
  const values = [value];
  while (values.length > 0) {
    const next = values.pop();
    if (typeof next === 'number') {
      if (Math.abs(next) > Number.MAX_SAFE_INTEGER) return true;
    } else if (Array.isArray(next)) {
      for (const item of next as readonly unknown[]) values.push(item); // of unknown items
    } else if (isObject(next)) for (const name of Object.keys(next)) values.push(next[name]);
  }
  return false;
}

/** A shorter text never delays other requests. */
const SHORT_LENGTH = 128 * 1024;
/** JSON.parse takes 10 ms for as many empty objects. */
const MOST_VALUES = 100_000;

const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACE] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b];

function hasManyValues(text: string): boolean {
  if (text.length <= SHORT_LENGTH) return false;
  let values = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (inString) {
      if (sign === BACKSLASH) at += 1;
      else if (sign === QUOTE) inString = false;
    } else if (sign === QUOTE) inString = true;
    else if (sign === COMMA || sign === BRACKET || sign === BRACE) values += 1;
  }
  return values > MOST_VALUES;
}
