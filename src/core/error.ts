/** The code of a system error such as `ENOENT`; empty if the error has none. */
export function errorCode(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? String(code) : '';
}

/** The message of anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The stack of anything that was thrown, or its message if it has none. */
export function errorStack(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Anything that was thrown as an Error; an Error is returned as it is. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
