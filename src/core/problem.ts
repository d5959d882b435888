/** The place of bad input: a file (with line and column from 1, and the path inside the document), or a host. */
export interface Where {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** The path inside the document, such as `litellm_models[0].name`. */
  readonly path?: string;
  readonly host?: string;
}

/**
 * An expected failure, returned where input is parsed, a host is reached or a server is asked.
 * `code` is stable (`inventory.not-found`). Code branches on it, and its first word decides the exit code.
 * `summary` is one line without a full stop. `detail` are sentences with the expected and the found state.
 * `fix` is a command to type, with remarks behind a `#`, or a sentence if no command fixes it.
 */
export interface Problem {
  readonly code: string;
  readonly summary: string;
  readonly detail: string;
  readonly fix: string;
  readonly where?: Where;
}

/** The result of an operation that can fail as expected: the value, or one or more Problems. */
export type Result<T> = { readonly ok: true; readonly value: T } | Failure;

/** The failed half of a {@link Result}; never empty. */
export interface Failure {
  readonly ok: false;
  readonly problems: readonly [Problem, ...Problem[]];
}

/** Wraps a value as a successful result. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** Wraps Problems as a failed result. */
export function fail(problem: Problem, ...more: readonly Problem[]): Failure {
  return { ok: false, problems: [problem, ...more] };
}

/** A Problem as one line, for a check's `seen`. */
export function inWords({ summary, detail }: Problem): string {
  return detail === '' ? summary : `${summary}. ${detail}`;
}

/** Formats a place: `file:line: path`, or the host's name; empty if nothing is known. */
export function placeOf(where: Where | undefined): string {
  if (where === undefined) return '';
  const file =
    where.file === undefined ? undefined : where.line === undefined ? where.file : `${where.file}:${where.line}`;
  return [file, where.host, where.path].filter((part) => part !== undefined).join(': ');
}
