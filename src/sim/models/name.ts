import { Refusal } from '../wire/refusal.ts';

/** The parts of a model's name: `registry.ollama.ai/library/tiny:latest`. */
export interface Name {
  readonly host: string;
  readonly namespace: string;
  readonly model: string;
  readonly tag: string;
}

const HOST = 'registry.ollama.ai';
const NAMESPACE = 'library';
const PART = /^\w[\w.-]{0,79}$/;

/**
 * Parses a name from a request. Refuses an empty name with `missing()`, an invalid one with 400, and a cloud model with
 * 403.
 */
export function parseName(asked: string, missing: () => Refusal): Name {
  const trimmed = asked.trim();
  if (trimmed === '') throw missing();
  const name = split(trimmed.replace(/:local$/i, ''));
  if (/(?:^|-)cloud$/i.test(name.tag))
    throw new Refusal(403, 'ollama cloud is disabled: remote model is unavailable', true);
  if (![name.namespace, name.model, name.tag].every((part) => PART.test(part)))
    throw new Refusal(400, 'invalid model name');
  return name;
}

function split(text: string): Name {
  const parts = text.split('/');
  const last = parts.pop() ?? '';
  const colon = last.indexOf(':');
  const [model, tag] = colon < 0 ? [last, 'latest'] : [last.slice(0, colon), last.slice(colon + 1)];
  const namespace = parts.pop() ?? NAMESPACE;
  return { host: parts.pop() ?? HOST, namespace, model, tag };
}

/** The full name in lower case: equal for two spellings of one name. */
export function keyOf(name: Name): string {
  return fullName(name).toLowerCase();
}

/** `registry.ollama.ai/library/tiny:latest`. */
export function fullName(name: Name): string {
  return `${name.host}/${name.namespace}/${name.model}:${name.tag}`;
}

/** The name as lists show it, without the default host and namespace. */
export function shortName(name: Name): string {
  const own = `${name.model}:${name.tag}`;
  if (name.host !== HOST) return `${name.host}/${name.namespace}/${own}`;
  return name.namespace === NAMESPACE ? own : `${name.namespace}/${own}`;
}
