import { isObject, type Json } from '../dialect/json.ts';
import type { Ask, ChatRequest } from '../exchange.ts';

/** More repetitions no grammar of llama.cpp has, and Ollama's runner dies of one that would, with all that it answers (seen on 0.22.1). */
const MOST = 2000;

const LIMITS: ReadonlySet<string> = new Set(['minLength', 'maxLength', 'minItems', 'maxItems']);

/** A format of which a grammar can be made: without limits on repetitions that are too many for one, which an answer then may keep to or not. */
export function formatBody(format: ChatRequest['format']): ChatRequest['format'] {
  return isGraspable(format) ? format : (without(format) as Json); // what is not graspable is an object, and stays one
}

/** The format of a request by the name that it has with most clients, if not all of it is held to. */
export function loosened(asks: Ask): readonly string[] {
  const format = asks.kind === 'embed' ? undefined : asks.request.format;
  return isObject(format) && !isGraspable(format) ? ['response_format'] : [];
}

function isGraspable(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isGraspable);
  return !isObject(value) || Object.entries(value).every(([name, item]) => !isTooMuch(name, item) && isGraspable(item));
}

function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name, item]) => !isTooMuch(name, item)).map(([name, item]) => [name, without(item)]));
}

function isTooMuch(name: string, value: unknown): boolean {
  if (LIMITS.has(name)) return typeof value === 'number' && value > MOST;
  // Of what stands in braces any number may be one of repetitions.
  return name === 'pattern' && typeof value === 'string' && (value.match(/\d{4,}/g) ?? []).some((digits) => Number(digits) > MOST);
}
