import { isObject, parseJson } from '../core/json.ts';
import { getQuestion, parseGot, type Got } from './http.ts';
import type { Answer, Question } from './question.ts';

/** What a backend said, or why it said nothing of use. */
export type BackendReply<T> =
  | { readonly answered: true; readonly value: T }
  | { readonly answered: false; readonly why: string };

/** The version of the Ollama at a backend's URL, asked from the host. */
export function ollamaVersionQuestion(url: string): Question<BackendReply<string>> {
  return { ...getQuestion(`${url}/api/version`), parse: (answer) => read(answer, parseVersion) };
}

/** The names of the models that it has. */
export function ollamaModelsQuestion(url: string): Question<BackendReply<readonly string[]>> {
  return { ...getQuestion(`${url}/api/tags`), parse: (answer) => read(answer, parseModels) };
}

/** A model's name as Ollama compares it: without case, `:latest` where it has no tag (ollama types/model/name.go). */
export function normalizeModel(name: string): string {
  const lower = name.toLowerCase();
  // A colon before a slash belongs to a registry's port.
  return lower.slice(lower.lastIndexOf('/') + 1).includes(':') ? lower : `${lower}:latest`;
}

function read<T>(answer: Answer, parse: (document: unknown) => T | undefined): BackendReply<T> {
  const got: Got = parseGot(answer);
  if (got.state === 'unreachable') return { answered: false, why: got.why };
  if (got.status !== 200)
    return { answered: false, why: `it answered with HTTP ${String(got.status)}, as Ollama does not` };
  const value = parse(parseJson(got.body));
  return value === undefined
    ? { answered: false, why: `it answered, but not as Ollama does: ${got.body.trim().slice(0, 80)}` }
    : { answered: true, value };
}

function parseVersion(document: unknown): string | undefined {
  return isObject(document) && typeof document['version'] === 'string' ? document['version'] : undefined;
}

/** The names in what `/api/tags` answers; `undefined` where it is something else. */
export function parseModels(document: unknown): readonly string[] | undefined {
  if (!isObject(document) || !Array.isArray(document['models'])) return undefined;
  return document['models'].flatMap((entry: unknown) =>
    isObject(entry) && typeof entry['name'] === 'string' ? [entry['name']] : [],
  );
}
