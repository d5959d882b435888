/** One response of several on a connection. */
export interface HttpResponse {
  readonly status: number;
  readonly body: string;
}

/** Splits what a server sent on one connection into its whole responses, in order. A response that was cut ends the list. */
export function responsesIn(text: string): readonly HttpResponse[] {
  const bytes = new TextEncoder().encode(text);
  // One character for each byte, so that places in it are places in the bytes.
  const plain = new TextDecoder('latin1').decode(bytes);
  const responses: HttpResponse[] = [];
  for (let at = 0; at < bytes.length;) {
    const head = /^HTTP\/1\.[01] (\d{3})[^\n]*\n((?:[^\r\n][^\n]*\n)*)\r?\n/.exec(plain.slice(at, at + HEAD_MAX));
    if (head === null) return responses;
    const start = at + head[0].length;
    const status = Number(head[1]);
    const hasBody = status >= 200 && status !== 204 && status !== 304;
    const body = hasBody ? bodyAt(bytes, plain, start, head[2] ?? '') : { bytes: new Uint8Array(), end: start };
    if (body === undefined) return responses;
    // 100 and 103 come before the response itself.
    if (status >= 200) responses.push({ status, body: new TextDecoder().decode(body.bytes) });
    at = body.end;
  }
  return responses;
}

const HEAD_MAX = 64 * 1024;

interface Body {
  readonly bytes: Uint8Array;
  readonly end: number;
}

/** The body behind a head; `undefined` if it was cut. Without a length it goes on to the end of the connection. */
function bodyAt(bytes: Uint8Array, plain: string, start: number, fields: string): Body | undefined {
  if (/^transfer-encoding:.*\bchunked\b/im.test(fields)) return chunksAt(bytes, plain, start);
  const length = /^content-length:\s*(\d+)\s*$/im.exec(fields)?.[1];
  const end = length === undefined ? bytes.length : start + Number(length);
  return end > bytes.length ? undefined : { bytes: bytes.subarray(start, end), end };
}

function chunksAt(bytes: Uint8Array, plain: string, start: number): Body | undefined {
  const parts: Uint8Array[] = [];
  for (let at = start; ;) {
    const line = plain.indexOf('\n', at);
    const size = line < 0 ? Number.NaN : Number.parseInt(plain.slice(at, line), 16);
    if (Number.isNaN(size) || line + 1 + size > bytes.length) return undefined;
    if (size === 0) return { bytes: joined(parts), end: endOfTrailers(plain, line + 1) };
    parts.push(bytes.subarray(line + 1, line + 1 + size));
    at = line + 1 + size + (plain[line + 1 + size] === '\r' ? 2 : 1);
  }
}

function endOfTrailers(plain: string, start: number): number {
  for (let at = start; ;) {
    const line = plain.indexOf('\n', at);
    if (line < 0) return plain.length;
    if (plain.slice(at, line).trim() === '') return line + 1;
    at = line + 1;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
