import type { IncomingMessage } from 'node:http';
import type { Failure } from '../exchange.ts';

/**
 * The reason why a request cannot be served whose head could be parsed: its version (RFC 9112, 2.3), its Host header (3.2) or its transfer
 * codings (6.1).
 */
export function headFailure(incoming: IncomingMessage): Failure | undefined {
  // Node's parser takes other versions too, for HTTP/2's sake.
  if (incoming.httpVersionMajor !== 1) return invalid(`Expected HTTP/1.1, found HTTP/${incoming.httpVersion}.`);
  const hosts = numberOfHosts(incoming.rawHeaders);
  if (hosts > 1 || (hosts === 0 && incoming.httpVersion === '1.1'))
    return invalid(`Expected one Host header, found ${hosts === 0 ? 'none' : String(hosts)}.`);
  const coding = incoming.headers['transfer-encoding'];
  return coding === undefined ? undefined : codingFailure(coding, incoming.httpVersion);
}

function codingFailure(coding: string, version: string): Failure | undefined {
  if (version !== '1.1') return invalid(`Expected no Transfer-Encoding in HTTP/${version}, found one.`);
  const names = coding.split(',').map((name) => name.trim().toLowerCase());
  if (names.length === 1 && names[0] === 'chunked') return undefined;
  if (names.at(-1) !== 'chunked') return invalid('Expected chunked as the last transfer coding.');
  if (names.every((name) => name === 'chunked')) return invalid('Expected the transfer coding chunked once.');
  return {
    kind: 'unknown-transfer-coding',
    code: null,
    message: `Unsupported Transfer-Encoding: expected chunked, found ${JSON.stringify(coding.slice(0, 64))}.`,
  };
}

// Node's `headers` keep the first of several.
function numberOfHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}

function invalid(message: string): Failure {
  return { kind: 'invalid', code: null, message };
}
