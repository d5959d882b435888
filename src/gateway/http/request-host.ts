import type { IncomingMessage } from 'node:http';

const PLAIN = /^[\w.-]+(?::\d+)?$/;
const NAME = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d*))?$/i;
const ABSOLUTE = /^https?:\/\/([^/?#]*)/;

/**
 * Gives a request one Host in the usual form. A target in absolute form has the host itself, and the header does not count (RFC 9112,
 * 3.2.2). A port may be empty (RFC 3986, 3.2.3), and an IPv6 address has several forms. A text that is no host stays as it is, to be refused.
 */
export function settleHost(incoming: IncomingMessage): void {
  const { url = '', headers } = incoming;
  if (headers.host === undefined) return;
  if (!url.startsWith('/')) headers.host = ABSOLUTE.exec(url)?.[1] ?? headers.host;
  if (!PLAIN.test(headers.host)) headers.host = plainHost(headers.host);
}

function plainHost(host: string): string {
  const [, name, port = ''] = NAME.exec(host) ?? [];
  if (name === undefined) return host;
  const usual = name.startsWith('[') && URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : name;
  return port === '' ? usual : `${usual}:${port}`;
}
