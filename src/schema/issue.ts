import { withoutKeys } from '../core/without-keys.ts';

/** A path in a document: keys and indexes from the root. */
export type DocumentPath = readonly (string | number)[];

/**
 * A finding about a document. An error refuses the document; a warning is only shown. It has no file and no line: the
 * caller, which has the source, adds them.
 */
export interface Issue {
  readonly severity: 'error' | 'warning';
  /**
   * Stable: `config.unknown-key`, `config.not-honoured`, `config.wrong-value`, `config.missing`,
   * `config.environment-unset`, `config.provider-unsupported`, `config.exposed`.
   */
  readonly code: string;
  readonly path: DocumentPath;
  /** "expected …, found …", without a full stop at the end; a question mark may stand there. */
  readonly message: string;
  /** The text to write, or the command to type. */
  readonly fix: string;
}

/** A path as text: `model_list[0].litellm_params.api_base`. Keys with other characters are quoted. */
export function pathText(path: DocumentPath): string {
  const text = path
    .map((step) =>
      typeof step === 'number' ? `[${String(step)}]` : /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`,
    )
    .join('');
  return text.startsWith('.') ? text.slice(1) : text;
}

/** Joins the warnings about a key without effect that many entries have: the first stays, and says how many more there are. */
export function withoutRepeats(issues: readonly Issue[]): readonly Issue[] {
  const counts = new Map<string, number>();
  const keyOf = ({ code, path: [section, , ...rest] }: Issue): string | undefined =>
    section === 'model_list' && (code === 'config.not-honoured' || code === 'config.unknown-key')
      ? `${code} ${pathText(rest)}`
      : undefined;
  const first = issues.filter((issue) => {
    const key = keyOf(issue);
    if (key === undefined) return true;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === 1;
  });
  return first.map((issue) => {
    const more = (counts.get(keyOf(issue) ?? '') ?? 1) - 1;
    return more === 0 ? issue : { ...issue, message: `${issue.message} (in ${String(more + 1)} entries)` };
  });
}

const SECRET_KEY = /(?:^|_)(?:key|secret|token|password)(?:_previous)?$/i;

/** A value as an error may show it: short, on one line, and never a secret. */
export function showValue(value: unknown, path: DocumentPath): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value !== 'object' && path.some((step) => typeof step === 'string' && SECRET_KEY.test(step)))
    return 'a value that is not shown';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  // A URL may contain a user name and a password, or a key in its query.
  const text = withoutKeys(JSON.stringify(value))
    .replace(/\/\/\S*@/, '//…@')
    .replace(/(:\/\/[^?#\s"]*[?#])[^\s"]+/, '$1…');
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
