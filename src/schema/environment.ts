import { isObject } from '../core/json.ts';
import type { DocumentPath } from './issue.ts';

const REFERENCE = /^os\.environ\/(.+)$/;

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** An `os.environ/NAME` of a document, and a variable that is not set. */
export interface UnsetReference {
  readonly path: DocumentPath;
  readonly variable: string;
}

/** The variable's name in a value `os.environ/NAME`. */
export function referenceOf(value: unknown): string | undefined {
  return typeof value === 'string' ? REFERENCE.exec(value)?.[1] : undefined;
}

/** The value of a variable; an empty one counts as not set. */
export function variableOf(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}

/**
 * Replaces every `os.environ/NAME` of a document by the variable. A reference to a variable that is not set becomes undefined
 * and is added to `unset`.
 */
export function resolveEnvironment(
  value: unknown,
  environment: Environment,
  unset: UnsetReference[],
  path: DocumentPath = [],
): unknown {
  if (Array.isArray(value))
    return value.map((item: unknown, index) => resolveEnvironment(item, environment, unset, [...path, index]));
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, resolveEnvironment(item, environment, unset, [...path, key])]),
    );
  const name = referenceOf(value);
  if (name === undefined) return value;
  const found = variableOf(environment, name);
  if (found === undefined) unset.push({ path, variable: name });
  return found;
}

/**
 * The environment with the block `environment_variables` of a document. As in LiteLLM, the block comes before the variables of
 * the process, and its values may refer to those.
 */
export function withVariablesOf(document: unknown, environment: Environment): Environment {
  const block = isObject(document) ? document['environment_variables'] : undefined;
  const variables: Record<string, string | undefined> = { ...environment };
  for (const [name, value] of Object.entries(isObject(block) ? block : {})) {
    const text = referenceOf(value) === undefined ? scalarText(value) : resolveEnvironment(value, environment, []);
    if (typeof text === 'string') variables[name] = text;
  }
  return variables;
}

function scalarText(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}
