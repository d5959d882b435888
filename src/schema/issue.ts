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

const SECRET_KEY = /(?:^|_)(?:key|secret|token|password)$/i;

/** A value as an error may show it: short, on one line, and never a secret. */
export function showValue(value: unknown, path: DocumentPath): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value !== 'object' && path.some((step) => typeof step === 'string' && SECRET_KEY.test(step)))
    return 'a value that is not shown';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  // A URL may contain a user name and a password.
  const text = JSON.stringify(value).replace(/\/\/[^/@\s]*@/, '//…@');
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
