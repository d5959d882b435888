import { isObject } from '../core/json.ts';
import { pathText, type DocumentPath } from './issue.ts';
import type { IssueList } from './section.ts';

const REFERENCE = /^os\.environ\/(.+)$/;

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable's name in a value `os.environ/NAME`. */
export function referenceOf(value: unknown): string | undefined {
  return typeof value === 'string' ? REFERENCE.exec(value)?.[1] : undefined;
}

/**
 * Replaces every `os.environ/NAME` of a document by the variable. A variable that is not set is an issue, and its value
 * is undefined.
 */
export function resolveEnvironment(
  value: unknown,
  environment: Environment,
  unset: 'error' | 'warning',
  findings: IssueList,
  path: DocumentPath = [],
): unknown {
  if (Array.isArray(value))
    return value.map((item: unknown, index) =>
      resolveEnvironment(item, environment, unset, findings, [...path, index]),
    );
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        resolveEnvironment(item, environment, unset, findings, [...path, key]),
      ]),
    );
  const name = referenceOf(value);
  if (name === undefined) return value;
  const found = environment[name];
  if (found !== undefined && found !== '') return found;
  findings.unset.add(pathText(path));
  findings[unset](
    'config.environment-unset',
    path,
    `expected the environment variable ${name}, found that it is not set`,
    `set ${name} in the environment, on a host in litellm.env`,
  );
  return undefined;
}
