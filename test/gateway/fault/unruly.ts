import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { piece } from '../fake-upstream.ts';

/** A misbehaviour on a connection with a request. */
export type Misbehaviour = (socket: Socket) => void;

/** A server that looks alive and breaks HTTP, or itself, in each response. */
export interface Unruly {
  readonly url: string;
  /** Number of requests for a response. */
  asked(): number;
  [Symbol.asyncDispose](): Promise<void>;
}

const CHUNKED = 'HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n';

/** One HTTP chunk. */
export function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

const then =
  (text: string, end: Misbehaviour): Misbehaviour =>
  (socket) => {
    // Bytes that were sent arrive before the connection breaks.
    socket.write(text, () => setTimeout(() => end(socket), 20));
  };
const close: Misbehaviour = (socket) => socket.destroy();
const halfClose: Misbehaviour = (socket) => socket.end();
const reset: Misbehaviour = (socket) => socket.resetAndDestroy();

/** Misbehaviours that break the connection before the first text of a response. */
export const BROKEN_BEFORE_TEXT: Readonly<Record<string, Misbehaviour>> = {
  'closes the connection instead of a response': close,
  'closes its write side instead of a response': halfClose,
  'resets the connection instead of a response': reset,
  'does not speak HTTP': then('SSH-2.0-OpenSSH_9.2p1\r\n', close),
  'sends an invalid status line': then('HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n', () => undefined),
  'sends two lengths': then('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello', () => undefined),
  'closes the connection in its headers': then('HTTP/1.1 200 OK\r\nContent-Ty', close),
  'sends headers of 20 KB': then(
    `HTTP/1.1 200 OK\r\nx-large: ${'y'.repeat(20_000)}\r\nContent-Length: 0\r\n\r\n`,
    () => undefined,
  ),
  'sends endless headers': then(`HTTP/1.1 200 OK\r\n${`x-${'y'.repeat(500)}: z\r\n`.repeat(400)}`, () => undefined),
  'sends less than its content-length': then('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{', close),
  'closes before the first line': then(CHUNKED, close),
  'sends a chunk with an invalid length': then(`${CHUNKED}zz\r\n`, () => undefined),
};

/** Misbehaviours in a whole response without text. */
export const WITHOUT_TEXT: Readonly<Record<string, Misbehaviour>> = {
  'closes an HTTP/1.0 response without text': then(
    'HTTP/1.0 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n',
    halfClose,
  ),
  'answers with HTML': then(
    'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 28\r\n\r\n<html>502 Bad Gateway</html>',
    () => undefined,
  ),
  'answers with JSON that is not an object': then(`${CHUNKED}${chunk('null\n[]\n1\n')}0\r\n\r\n`, () => undefined),
  'answers with control characters': then(`${CHUNKED}${chunk('\u0000\u0001\u0002\n')}0\r\n\r\n`, () => undefined),
  redirects: then('HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n', () => undefined),
  'answers with status 599': then('HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n', () => undefined),
};

/** Misbehaviours that break the connection after the first text of a response. */
export const BROKEN_AFTER_TEXT: Readonly<Record<string, Misbehaviour>> = {
  'closes the connection after its first words': then(CHUNKED + chunk(piece('words')), close),
  'closes its write side after its first words': then(CHUNKED + chunk(piece('words')), halfClose),
  'resets the connection after its first words': then(CHUNKED + chunk(piece('words')), reset),
  'sends an invalid chunk after its first words': then(`${CHUNKED}${chunk(piece('words'))}zz\r\n`, () => undefined),
  'closes the connection within a line': then(CHUNKED + chunk(piece('words')) + chunk('{"model":"m","mess'), close),
};

/** Misbehaviours in a response after its first text. */
export const AFTER_TEXT: Readonly<Record<string, Misbehaviour>> = {
  'sends an error after its first words': then(
    CHUNKED +
      chunk(piece('words')) +
      chunk('{"error":"an error was encountered while running the model: unexpected EOF"}\n'),
    () => undefined,
  ),
  'sends HTML after its first words': then(
    CHUNKED + chunk(piece('words')) + chunk('<html>502 Bad Gateway</html>\n'),
    () => undefined,
  ),
};

/** Starts a server that misbehaves. It answers free requests (`GET`, and a load of a model in memory) as Ollama does, with the model `m` in memory. `onLoad` returns true if it has dealt with a load itself. */
export async function startUnruly(
  misbehaviour: Misbehaviour,
  onLoad: (socket: Socket) => boolean = () => false,
): Promise<Unruly> {
  let asked = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    let text = '';
    socket.setEncoding('latin1').on('data', (more: string) => {
      text += more;
      const headEnd = text.indexOf('\r\n\r\n') + 4;
      const length = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0);
      if (headEnd === 3 || text.length < headEnd + length) return;
      const head = text.slice(0, headEnd);
      text = text.slice(headEnd + length);
      if (head.startsWith('GET ')) socket.write(shown(head.split(' ')[1] ?? ''));
      else if (head.startsWith('POST /api/generate ')) {
        if (!onLoad(socket)) socket.write(shown('load'));
      } else {
        asked += 1;
        misbehaviour(socket);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    asked: () => asked,
    [Symbol.asyncDispose]: stop,
  };
}

function shown(path: string): string {
  const model = {
    name: 'm:latest',
    model: 'm:latest',
    size: 1000,
    digest: '0',
    details: {},
    expires_at: '2036-01-01T00:00:00Z',
    size_vram: 1000,
    context_length: 4096,
  };
  const body =
    path === '/api/version'
      ? { version: '0.22.1' }
      : path === '/api/ps' || path === '/api/tags'
        ? { models: [model] }
        : {};
  const text = JSON.stringify(body);
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${String(text.length)}\r\n\r\n${text}`;
}
