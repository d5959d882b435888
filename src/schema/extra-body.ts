import { isObject } from '../core/json.ts';
import type { DocumentPath } from './issue.ts';
import { anything, keepAlive, mapping } from './kind.ts';
import { knownOptions, warnOfUnknownOption } from './options.ts';
import { honours, readSection, type IssueList, type Section } from './section.ts';
import { OLLAMA_OPTIONS } from './sections/ollama-options.ts';

const EXTRA_BODY = {
  options: honours(mapping, 'Ollama’s options.'),
  keep_alive: honours(keepAlive, 'As `litellm_params.keep_alive`.'),
  think: honours(anything, 'As `litellm_params.think`.'),
} satisfies Section;

/** Reads `extra_body` of an entry: the fields that LiteLLM adds to its requests to Ollama. */
export function readExtraBody(
  given: Readonly<Record<string, unknown>> | undefined,
  path: DocumentPath,
  findings: IssueList,
): {
  readonly options: Readonly<Record<string, unknown>>;
  readonly keepAlive: number | string | undefined;
  readonly think: unknown;
} {
  if (given === undefined) return { options: {}, keepAlive: undefined, think: undefined };
  const known = readSection({ ...EXTRA_BODY, ...OLLAMA_OPTIONS }, given, path, findings);
  const { options, keep_alive: keep } = known;
  const read = readSection(OLLAMA_OPTIONS, options, [...path, 'options'], findings, warnOfUnknownOption);
  const own = Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(OLLAMA_OPTIONS, name)));
  return {
    options: { ...knownOptions(known, own), ...knownOptions(read, isObject(options) ? options : {}) },
    keepAlive: keep,
    think: known.think,
  };
}
