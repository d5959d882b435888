/** A refusal of a call of administration. It is thrown within this room alone, and answered in one place. */
export class AdminError extends Error {
  readonly status: number;
  /** The field or parameter that does not fit. */
  readonly param: string | null;

  constructor(status: number, message: string, param: string | null = null) {
    super(message);
    this.status = status;
    this.param = param;
  }
}

/** LiteLLM's error object: always these four fields, and the status as a text (ProxyException in litellm/proxy/_types.py, 1.110.2). */
export function adminErrorBody({ status, message, param }: AdminError): object {
  const type = status === 404 ? 'not_found_error' : status < 500 ? 'invalid_request_error' : 'server_error';
  return { error: { message, type, param, code: String(status) } };
}

/** A body or query that does not fit. */
export function unfit(param: string | null, expected: string, found: unknown): AdminError {
  return new AdminError(422, `Expected ${expected}, found ${shown(found)}.`, param);
}

/** A name that nothing has. Terraform's provider recognises a missing thing by these words. */
export function notFound(kind: string, param: string, reference: string): AdminError {
  return new AdminError(404, `The ${kind} ${shown(shownReference(reference))} is not found.`, param);
}

/** A value in a message, shortened. */
function shown(value: unknown): string {
  if (value === undefined) return 'none';
  const text = JSON.stringify(value) ?? 'another value';
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** A key as its owner recognises it; other references as they are. */
export function shownReference(reference: string): string {
  return reference.startsWith('sk-') ? `sk-...${reference.length < 20 ? '' : reference.slice(-4)}` : reference;
}
