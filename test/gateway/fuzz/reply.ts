/** One response, as it came over the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Whether it is complete. */
  readonly whole: boolean;
}

/** Reads the responses on one connection; `noBodies` after HEAD requests. */
export function readReplies(bytes: Buffer, noBodies: boolean): readonly Reply[] {
  const replies: Reply[] = [];
  // One character for each byte, so that lengths hold.
  let text = bytes.toString('latin1');
  while (text !== '') {
    const headEnd = text.indexOf('\r\n\r\n');
    if (headEnd < 0) return [...replies, { status: 0, headers: new Map(), body: text, whole: false }];
    const [first = '', ...lines] = text.slice(0, headEnd).split('\r\n');
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? Number.NaN);
    const after = text.slice(headEnd + 4);
    // The error response to a request that the parser refused has a body: the method is unknown.
    const bodiless =
      (noBodies && (after === '' || after.startsWith('HTTP/'))) || status < 200 || status === 204 || status === 304;
    const { body, rest, whole } = bodiless ? { body: '', rest: after, whole: true } : bodyOf(headers, after);
    replies.push({ status, headers, body: Buffer.from(body, 'latin1').toString('utf8'), whole });
    text = rest;
  }
  return replies;
}

function bodyOf(
  headers: ReadonlyMap<string, string>,
  text: string,
): { readonly body: string; readonly rest: string; readonly whole: boolean } {
  if (headers.get('transfer-encoding') !== 'chunked') {
    const length = Number(headers.get('content-length') ?? Number.NaN);
    return { body: text.slice(0, length), rest: text.slice(length), whole: text.length >= length };
  }
  let [body, rest] = ['', text];
  for (;;) {
    const size = /^([0-9a-f]+)\r\n/i.exec(rest);
    if (size === null) return { body, rest: '', whole: false };
    const from = size[0].length;
    const length = Number.parseInt(size[1] ?? '', 16);
    if (rest.length < from + length + 2) return { body: body + rest.slice(from), rest: '', whole: false };
    body += rest.slice(from, from + length);
    rest = rest.slice(from + length + 2);
    if (length === 0) return { body, rest, whole: true };
  }
}
