import type { Body } from './body.ts';
import { isObject, type Json } from '../../json.ts';

/**
 * Reads the arguments of a tool call in OpenAI's format: JSON in a string. Rejects invalid JSON, which a client may send back if it
 * received it so: a model's template would fail on it with a 500.
 */
export function readArguments(body: Body, text: unknown, at: string): Json {
  if (isObject(text)) return text;
  if (text === '' || text === undefined || text === null) return {};
  try {
    const parsed: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    if (isObject(parsed)) return parsed;
  } catch {
    // Recorded below.
  }
  body.refuse(at, `Invalid '${at}': expected a string that holds one JSON object.`);
  return {};
}
