import type { JsonSchema } from '../core/json-schema.ts';
import { isObject } from '../core/json.ts';
import type { KeyDescription } from '../core/key-description.ts';
import { nearestName } from '../core/spelling.ts';
import { pathText, showValue, type DocumentPath, type Issue } from './issue.ts';
import { anything, type Kind } from './kind.ts';

/** One key of a section: the type of its value, and whether hxllm honours it or only knows it. */
export interface Key<T> extends KeyDescription {
  readonly kind: Kind<T>;
  readonly honoured: boolean;
  /** Details of a list or mapping, beyond its kind. */
  readonly shape?: JsonSchema;
}

/** The keys of one mapping in the document. */
export type Section = Readonly<Record<string, Key<unknown>>>;

/** The values of a section's keys; `undefined` if absent or wrong. */
export type SectionValues<S extends Section> = {
  readonly [K in keyof S]: S[K] extends Key<infer T> ? T | undefined : never;
};

/** A key that hxllm honours. */
export function honours<T>(
  kind: Kind<T>,
  meaning: string,
  more: Omit<Key<T>, 'kind' | 'honoured' | 'meaning'> = {},
): Key<T> {
  return { ...more, kind, honoured: true, meaning };
}

/** A key of LiteLLM that hxllm knows and ignores. */
export function knows<T>(kind: Kind<T>): Key<T> {
  return { kind, honoured: false, meaning: 'A key of LiteLLM that hxllm ignores, with a warning.' };
}

/** Keys of LiteLLM that hxllm knows and ignores, whatever their values; `names` are separated by blanks. */
export function knowsAll(names: string): Readonly<Record<string, Key<unknown>>> {
  return Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, knows(anything)]),
  );
}

/** Collects the issues of one reading. */
export class IssueList {
  readonly issues: Issue[] = [];
  /** Paths whose `os.environ/NAME` is not set: they are absent, and the document is not at fault. */
  readonly unset: Set<string>;

  constructor(unset = new Set<string>()) {
    this.unset = unset;
  }

  error(code: string, path: DocumentPath, message: string, fix: string): void {
    this.issues.push({ severity: 'error', code, path, message, fix });
  }

  warning(code: string, path: DocumentPath, message: string, fix: string): void {
    this.issues.push({ severity: 'warning', code, path, message, fix });
  }

  /** Reads a part of the document on its own. `errors` says whether a mistake was found. */
  apart<T>(read: (findings: IssueList) => T): {
    readonly value: T;
    readonly issues: readonly Issue[];
    readonly errors: boolean;
  } {
    const part = new IssueList(this.unset);
    const value = read(part);
    return { value, issues: part.issues, errors: part.issues.some(({ severity }) => severity === 'error') };
  }

  /** Adds issues; errors become warnings that name the `effect`, but for those that are `isRefused`. */
  addTolerantly(issues: readonly Issue[], effect: string, isRefused: (issue: Issue) => boolean = () => false): void {
    for (const issue of issues)
      this.issues.push(
        issue.severity === 'error' && !isRefused(issue)
          ? { ...issue, severity: 'warning', message: `${issue.message}; ${effect}` }
          : issue,
      );
  }

  /** Reads a part of the document that a mistake costs only itself: errors become warnings that name the `effect`. */
  tolerate<T>(effect: string, read: (findings: IssueList) => T): T {
    const { value, issues } = this.apart(read);
    this.addTolerantly(issues, effect);
    return value;
  }

  /** Adds an error: the value has the wrong type. */
  wrong(path: DocumentPath, expected: string, value: unknown): void {
    this.error(
      'config.wrong-value',
      path,
      `expected ${expected}, found ${showValue(value, path)}`,
      path.length === 0 ? `write ${expected} with the key model_list` : `set ${pathText(path)} to ${expected}`,
    );
  }

  /** Adds an error: a required key is missing. */
  missing(path: DocumentPath, expected: string): void {
    if (!this.unset.has(pathText(path)))
      this.error('config.missing', path, `expected ${expected}, found nothing`, `add ${pathText(path)}: ${expected}`);
  }

  /** Adds a warning: the key is one of LiteLLM's, without effect. */
  notHonoured(path: DocumentPath, name: string): void {
    this.warning(
      'config.not-honoured',
      path,
      `LiteLLM's ${name} is not supported, ignored`,
      `remove ${pathText(path)}, or leave it for LiteLLM`,
    );
  }

  /** Adds a warning: the key is unknown. It suggests the nearest of the known names; `effect` is what becomes of the key. */
  unknownKey(path: DocumentPath, name: string, known: readonly string[], effect = 'ignored'): void {
    const near = nearestName(name, known);
    const at = pathText(path);
    this.warning(
      'config.unknown-key',
      path,
      `unknown key ${name}, ${effect}${near === undefined ? '' : `. Did you mean ${near}?`}`,
      near === undefined ? `check the spelling of ${at}, or remove it` : `rename ${at} to ${near}, or remove it`,
    );
  }
}

/** Decides about a key that its section does not have: adds an issue, or nothing. */
export type UnknownKey = (path: DocumentPath, name: string, known: readonly string[], findings: IssueList) => void;

const warnOfUnknownKey: UnknownKey = (path, name, known, findings) => findings.unknownKey(path, name, known);

/**
 * Reads one mapping by its section. Wrong values are errors; unknown keys, and keys that are not honoured, are
 * warnings. Null counts as absent.
 */
export function readSection<S extends Section>(
  section: S,
  value: unknown,
  path: DocumentPath,
  findings: IssueList,
  unknownKey: UnknownKey = warnOfUnknownKey,
): SectionValues<S> {
  const values: Record<string, unknown> = {};
  if (value !== undefined && value !== null && !isObject(value)) findings.wrong(path, 'a mapping', value);
  for (const [name, item] of Object.entries(isObject(value) ? value : {})) {
    const key = Object.hasOwn(section, name) ? section[name] : undefined;
    const at = [...path, name];
    if (key === undefined) unknownKey(at, name, Object.keys(section), findings);
    else if (item !== undefined && item !== null) {
      const read = key.kind.read(item);
      if (read === undefined) findings.wrong(at, key.kind.expected, item);
      else if (!key.honoured) findings.notHonoured(at, name);
      values[name] = read;
    }
  }
  // Built key by key from the section itself, which is what the type states.
  return values as SectionValues<S>;
}
