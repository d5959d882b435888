/** Where in a document: keys and indexes from the root. */
export type DocumentPath = readonly (string | number)[];

/** One thing to say about a document: an error refuses it, a warning is shown. Data, without file or line: whoever has the source adds those. */
export interface Issue {
  readonly severity: 'error' | 'warning';
  /** Stable: `config.unknown-key`, `config.not-honoured`, `config.wrong-value`, `config.missing`, `config.environment-unset`, `config.provider-unsupported`, `config.exposed`. */
  readonly code: string;
  readonly path: DocumentPath;
  /** What was wanted and what was seen, one sentence without a full stop. */
  readonly message: string;
  /** What to write or type instead. */
  readonly fix: string;
}

/** A path as a person writes it: `model_list[0].litellm_params.api_base`; keys with other signs are quoted. */
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
  // An address may hold a name and a password.
  const text = JSON.stringify(value).replace(/\/\/[^/@\s]*@/, '//…@');
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
