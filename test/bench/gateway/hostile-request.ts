export const MIB = 1024 * 1024;
export const CHAT = '/v1/chat/completions';
export const MESSAGES = '"messages":[{"role":"user","content":"x"}]';

/** A request that may delay others. */
export interface HostileRequest {
  readonly name: string;
  readonly path: string;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent over a connection of its own instead of a request with `body`. */
  readonly bytes?: Buffer;
}

/** Items of a JSON list or mapping. */
export function times(count: number, itemOf: (index: number) => string, between = ','): string {
  return Array.from({ length: count }, (_, index) => itemOf(index)).join(between);
}

/** A request with a body that is given as JSON. */
export function one(
  name: string,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): HostileRequest {
  return { name, path, body: Buffer.from(body), headers };
}
