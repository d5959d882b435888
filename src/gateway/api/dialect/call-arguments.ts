import type { Body } from './body.ts';
import { isObject, type Json } from '../../json.ts';

/** Reads the arguments of a call as OpenAI writes them: JSON in a string. Broken ones, sent back by a client that got them broken, are refused: a model's template would fail on them with a 500. */
export function readArguments(body: Body, text: unknown, at: string): Json {
  if (isObject(text)) return text;
  if (text === '' || text === undefined || text === null) return {};
  try {
    const parsed: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    if (isObject(parsed)) return parsed;
  } catch {
    // Said below.
  }
  body.refuse(at, `Invalid '${at}': expected a string that holds one JSON object.`);
  return {};
}
