import { isObject } from '../core/json.ts';
import { pathText, showValue, type DocumentPath, type Issue } from './issue.ts';
import type { Kind } from './kind.ts';

/** One key of a section: what it may be, and whether hxllm honours it yet or only knows it. */
export interface Key<T> {
  readonly kind: Kind<T>;
  readonly honoured: boolean;
}

/** The keys of one mapping of the document. */
export type Section = Readonly<Record<string, Key<unknown>>>;

/** What a section's keys said; `undefined` where absent or wrong. */
export type SectionValues<S extends Section> = {
  readonly [K in keyof S]: S[K] extends Key<infer T> ? T | undefined : never;
};

/** A key that hxllm acts on. */
export function honours<T>(kind: Kind<T>): Key<T> {
  return { kind, honoured: true };
}

/** A key of LiteLLM that hxllm knows, checks, and does nothing with. */
export function knows<T>(kind: Kind<T>): Key<T> {
  return { kind, honoured: false };
}

/** Collects the issues of one reading. */
export class IssueList {
  readonly issues: Issue[] = [];
  /** Paths whose `os.environ/NAME` is not set: absent through no fault of the document. */
  readonly unset = new Set<string>();

  error(code: string, path: DocumentPath, message: string, fix: string): void {
    this.issues.push({ severity: 'error', code, path, message, fix });
  }

  warning(code: string, path: DocumentPath, message: string, fix: string): void {
    this.issues.push({ severity: 'warning', code, path, message, fix });
  }

  /** A value that is not what its key takes. */
  wrong(path: DocumentPath, wanted: string, value: unknown): void {
    this.error(
      'config.wrong-value',
      path,
      `wanted ${wanted}, seen ${showValue(value, path)}`,
      path.length === 0 ? `write ${wanted}, with model_list in it` : `set ${pathText(path)} to ${wanted}`,
    );
  }

  /** A key that has to be there. */
  missing(path: DocumentPath, wanted: string): void {
    if (!this.unset.has(pathText(path)))
      this.error('config.missing', path, `wanted ${wanted}, seen nothing`, `add ${pathText(path)}: ${wanted}`);
  }
}

/** Reads one mapping by its section: wrong values are errors, keys that nobody knows or that are not honoured are warnings. Null counts as absent. */
export function readSection<S extends Section>(
  section: S,
  value: unknown,
  path: DocumentPath,
  findings: IssueList,
  unknownKey = unknownKeyWarning,
): SectionValues<S> {
  const values: Record<string, unknown> = {};
  if (value !== undefined && value !== null && !isObject(value)) findings.wrong(path, 'a mapping', value);
  for (const [name, item] of Object.entries(isObject(value) ? value : {})) {
    const key = Object.hasOwn(section, name) ? section[name] : undefined;
    const at = [...path, name];
    if (key === undefined) unknownKey(name, at, findings);
    else if (item !== undefined && item !== null) {
      const read = key.kind.read(item);
      if (read === undefined) findings.wrong(at, key.kind.wanted, item);
      else if (!key.honoured)
        findings.warning(
          'config.not-honoured',
          at,
          `LiteLLM's ${name} has no effect in hxllm yet`,
          `remove ${pathText(at)}, or leave it for LiteLLM`,
        );
      values[name] = read;
    }
  }
  // Built key by key from the section itself, which is what the type says.
  return values as SectionValues<S>;
}

function unknownKeyWarning(name: string, at: DocumentPath, findings: IssueList): void {
  findings.warning(
    'config.unknown-key',
    at,
    `the key ${name} is none that hxllm knows; it has no effect`,
    `check the spelling of ${pathText(at)}, or remove it`,
  );
}
