import { isObject, parseJson } from '../core/json.ts';
import { getQuestion, parseGot, type Got } from './http.ts';
import { parseTags, type ServedModel } from './ollama-server/http.ts';
import type { Answer, Question } from './question.ts';

/** The answer of a backend, or the reason why there is none. */
export type BackendReply<T> =
  | { readonly answered: true; readonly value: T }
  | { readonly answered: false; readonly why: string };

/** The version of Ollama at a backend's URL, requested from the host. */
export function ollamaVersionQuestion(url: string): Question<BackendReply<string>> {
  return { ...getQuestion(`${url}/api/version`), parse: (answer) => read(answer, parseVersion) };
}

/** A model on the disk of a server. */
export interface ListedModel {
  readonly name: string;
  /** The SHA-256 of its manifest, in hexadecimal; empty if the server does not say. */
  readonly digest: string;
  /** The time of its last change, as the server writes it. */
  readonly modifiedAt: string;
}

/** The models at a backend's URL. */
export function ollamaModelsQuestion(url: string): Question<BackendReply<readonly ListedModel[]>> {
  return { ...getQuestion(`${url}/api/tags`), parse: (answer) => read(answer, parseListing) };
}

/** The models at a backend's URL, with their sizes. */
export function servedModelsQuestion(url: string): Question<BackendReply<readonly ServedModel[]>> {
  return { ...getQuestion(`${url}/api/tags`), parse: (answer) => read(answer, parseTags) };
}

function read<T>(answer: Answer, parse: (document: unknown) => T | undefined): BackendReply<T> {
  const got: Got = parseGot(answer);
  if (got.state === 'unreachable') return { answered: false, why: got.why };
  if (got.status !== 200) return { answered: false, why: `HTTP ${String(got.status)} instead of Ollama’s answer` };
  const value = parse(parseJson(got.body));
  return value === undefined
    ? { answered: false, why: `an answer that is not Ollama’s: ${got.body.trim().slice(0, 80)}` }
    : { answered: true, value };
}

function parseVersion(document: unknown): string | undefined {
  return isObject(document) && typeof document['version'] === 'string' ? document['version'] : undefined;
}

/** The names in the body of `/api/tags`; `undefined` if the body has another form. */
export function parseModels(document: unknown): readonly string[] | undefined {
  return parseListing(document)?.map(({ name }) => name);
}

function parseListing(document: unknown): readonly ListedModel[] | undefined {
  if (!isObject(document) || !Array.isArray(document['models'])) return undefined;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return document['models'].flatMap((entry: unknown) =>
    isObject(entry) && typeof entry['name'] === 'string'
      ? [{ name: entry['name'], digest: text(entry['digest']), modifiedAt: text(entry['modified_at']) }]
      : [],
  );
}
