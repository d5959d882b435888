import type { Random } from '../fault/seed.ts';
import { twist, validBody } from './random-body.ts';

/** Bytes to send, in chunks, with the expectation. */
export interface Attack {
  readonly what: string;
  readonly pieces: readonly Buffer[];
  /** Whether HTTP allows the request, however senseless: then there must be a response. */
  readonly complete: boolean;
}

const PATHS = [
  '/v1/chat/completions',
  '/chat/completions',
  '/v1/completions',
  '/v1/embeddings',
  '/v1/responses',
  '/v1/responses/r',
  '/v1/models',
  '/v1/models/m',
  '/health/liveliness',
  '/health',
  '/metrics',
  '/',
] as const;
const METHODS = ['POST', 'POST', 'POST', 'GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'] as const;

/** Makes the next attack, with this `Authorization`. */
export function createAttack(random: Random, authorization: string): Attack {
  const kind = random.pick([
    'body',
    'body',
    'body',
    'text',
    'path',
    'header',
    'chunks',
    'framing',
    'bytes',
    'cut',
    'pipeline',
  ] as const);
  const plain = validBody(random);
  const path = random.chance(0.85) ? pathOf(plain) : random.pick(PATHS);
  const body = Buffer.from(JSON.stringify(plain));
  switch (kind) {
    case 'body':
      return whole(kind, random, 'POST', path, [], Buffer.from(JSON.stringify(twist(random, plain)) ?? ''));
    case 'text':
      return whole(kind, random, 'POST', path, [], scramble(random, body));
    case 'path':
      return { ...whole(kind, random, random.pick(METHODS), oddPath(random), [], body), complete: false };
    case 'header':
      return { ...whole(kind, random, random.pick(METHODS), path, oddHeaders(random), body), complete: false };
    case 'chunks':
      return chunked(random, path, body);
    case 'framing':
      return {
        what: kind,
        pieces: [
          Buffer.from(
            `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n${oddFraming(random, body.length)}\r\n\r\n`,
          ),
          body,
        ],
        complete: false,
      };
    case 'bytes':
      return { what: kind, pieces: cut(random, noise(random, 1 + random.below(600))), complete: false };
    case 'cut': {
      const { pieces } = whole(kind, random, 'POST', path, [], body);
      const bytes = Buffer.concat(pieces);
      return { what: kind, pieces: cut(random, bytes.subarray(0, random.below(bytes.length))), complete: false };
    }
    case 'pipeline':
      return {
        what: kind,
        pieces: [
          ...whole(kind, random, 'POST', path, [], body).pieces,
          random.chance(0.5)
            ? noise(random, 200)
            : Buffer.concat(whole(kind, random, 'GET', '/v1/models', [], Buffer.alloc(0)).pieces),
        ],
        complete: false,
      };
  }

  function whole(
    what: string,
    from: Random,
    method: string,
    to: string,
    more: readonly string[],
    content: Buffer,
  ): Attack {
    const head = [
      `${method} ${to} HTTP/1.1`,
      'host: x',
      `authorization: ${authorization}`,
      `content-length: ${String(content.length)}`,
      ...more,
      '',
      '',
    ].join('\r\n');
    return {
      what: `${what}: ${method} ${to}`,
      pieces: cut(from, Buffer.concat([Buffer.from(head, 'latin1'), content])),
      complete: true,
    };
  }

  function chunked(from: Random, to: string, content: Buffer): Attack {
    const head = Buffer.from(
      `POST ${to} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const pieces = cut(from, content).map((bytes) =>
      Buffer.concat([
        Buffer.from(`${bytes.length.toString(16)}${from.chance(0.1) ? ';name=value' : ''}\r\n`),
        bytes,
        Buffer.from('\r\n'),
      ]),
    );
    const end = Buffer.from(from.chance(0.2) ? '0\r\ntrailer: value\r\n\r\n' : '0\r\n\r\n');
    if (from.chance(0.6)) return { what: 'chunks', pieces: [head, ...pieces, end], complete: true };
    return {
      what: 'chunks, torn',
      pieces: [head, ...pieces, scramble(from, end), noise(from, from.below(40))],
      complete: false,
    };
  }
}

function pathOf(body: Record<string, unknown>): string {
  if ('instructions' in body) return '/v1/responses';
  return 'messages' in body ? '/v1/chat/completions' : 'prompt' in body ? '/v1/completions' : '/v1/embeddings';
}

function scramble(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let times = 1 + random.below(4); times > 0 && copy.length > 0; times -= 1)
    copy[random.below(copy.length)] = random.below(256);
  return random.chance(0.3)
    ? copy.subarray(0, random.below(copy.length + 1))
    : random.chance(0.1)
      ? Buffer.from('['.repeat(100_000))
      : copy;
}

function oddPath(random: Random): string {
  const text = random.pick([
    '/v1/models/',
    '/v1/../v1/models',
    '*',
    'http://x/v1/models',
    '//',
    '/%00',
    '/v1/models/%zz',
    '/v1/chat/completions?',
    '/v1/chat/completions/',
    '/V1/MODELS',
    'v1',
    '/v1/models/m#x',
    '/v1/embeddings?model=%F0%9F',
  ]);
  return (
    text +
    (random.chance(0.5)
      ? noise(random, random.below(60))
          .toString('latin1')
          .replaceAll(/[\r\n ]/g, '%')
      : '') +
    (random.chance(0.05) ? 'a'.repeat(20_000) : '')
  );
}

function oddHeaders(random: Random): readonly string[] {
  return random.pick<readonly string[]>([
    [`x-odd: ${noise(random, random.below(200)).toString('latin1')}`],
    [`x-${'n'.repeat(random.below(20_000))}: 1`],
    ['authorization: Basic eDp5'],
    ['content-encoding: gzip'],
    ['content-type: text/plain; charset=utf-7'],
    ['expect: 100-continue'],
    ['expect: 200-ok'],
    ['connection: upgrade', 'upgrade: websocket', 'sec-websocket-key: x'],
    ['connection: upgrade, http2-settings', 'upgrade: h2c', 'http2-settings: AAMAAABk'],
    ['accept: text/html', 'accept-encoding: br;q=1.0, *;q=0'],
    ['x-client-request-id: ä\tb', 'x-request-id: 1'],
    ['host: a', 'host: b'],
    ['te: trailers', 'trailer: x'],
    [': empty'],
    ['x : space'],
    [' folded', ' more'],
    Array.from({ length: random.below(3000) }, (_, index) => `h${String(index)}: v`),
  ]);
}

function oddFraming(random: Random, length: number): string {
  const right = `content-length: ${String(length)}`;
  return random.pick([
    `content-length: ${String(length + 1 + random.below(50))}`,
    `content-length: ${String(random.below(length + 1))}`,
    'content-length: -1',
    'content-length: 1e3',
    'content-length: 99999999999999999999',
    `${right}\r\n${right}`,
    `${right}\r\ncontent-length: 3`,
    `${right}\r\ntransfer-encoding: chunked`,
    'transfer-encoding: gzip, chunked',
    'transfer-encoding: identity',
    'transfer-encoding: chunked\r\ntransfer-encoding: chunked',
    'transfer-encoding: xchunked',
    `${right}\r\nconnection: close`,
    '',
  ]);
}

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

function cut(random: Random, bytes: Buffer): readonly Buffer[] {
  if (bytes.length < 2 || random.chance(0.5)) return [bytes];
  const deployments = Array.from({ length: 1 + random.below(4) }, () => random.below(bytes.length)).toSorted(
    (a, b) => a - b,
  );
  return [0, ...deployments]
    .map((from, index) => bytes.subarray(from, deployments[index] ?? bytes.length))
    .filter((piece) => piece.length > 0);
}
