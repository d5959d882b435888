/** A response with its own content-length, so that HEAD reports the same as GET (RFC 9110, 8.6). */
export function sizedResponse(body: string, status: number, headers: Readonly<Record<string, string>>): Response {
  return new Response(body, { status, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) } });
}

/** The same for JSON. */
export function jsonResponse(value: unknown, status = 200): Response {
  return sizedResponse(JSON.stringify(value), status, { 'content-type': 'application/json' });
}
