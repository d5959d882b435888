import type { Deployment } from './config-types.ts';
import type { DocumentPath } from './issue.ts';
import type { IssueList } from './section.ts';

/** LiteLLM's and OpenAI's efforts, as Ollama has them. */
const EFFORTS: Readonly<Record<string, Deployment['thinking']>> = {
  true: true,
  false: false,
  none: false,
  disable: false,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/** Reads `think` or `reasoning_effort` of an entry of Ollama's: the first that is present. A wrong value is ignored, with a warning. */
export function readThinking(
  given: readonly { readonly path: DocumentPath; readonly value: unknown }[],
  findings: IssueList,
): Deployment['thinking'] {
  const first = given.find(({ value }) => value !== undefined);
  if (first === undefined) return undefined;
  const name = String(first.value).toLowerCase();
  if (Object.hasOwn(EFFORTS, name)) return EFFORTS[name];
  findings.tolerate('ignored', (part) => {
    part.wrong(first.path, `true, false or one of ${Object.keys(EFFORTS).slice(2).join(', ')}`, first.value);
  });
  return undefined;
}
