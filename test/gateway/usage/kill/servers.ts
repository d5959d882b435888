import { createServer, type AddressInfo, type Socket } from 'node:net';
import { plannedOf, type Served } from './plan.ts';

// Two simulated servers in a process of their own, as lean as they can be, that count what they serve. Started by fork: the first message has
// their ports, and any message asks for what they have counted.

const LINES = 'HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n';
const PIECE = chunk('{"model":"m","message":{"role":"assistant","content":"word "},"done":false}\n');
/** Time between two pieces of an answer, ms. */
const GAP_MS = 3;
const KNOWN: Readonly<Record<string, string>> = {
  '/api/version': whole('{"version":"0.22.1"}'),
  '/api/ps': whole(
    '{"models":[{"name":"m:latest","model":"m:latest","size":1000,"digest":"0","details":{},"expires_at":"2036-01-01T00:00:00Z","size_vram":1000,"context_length":4096}]}',
  ),
};

const served: Served[] = [];
const speaking = new Map<Socket, Served>();

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function whole(text: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${String(text.length)}\r\n\r\n${text}`;
}

function serve(socket: Socket): void {
  let rest = '';
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('close', () => speaking.delete(socket));
  socket.on('data', (text: string) => {
    rest += text;
    const headEnd = rest.indexOf('\r\n\r\n') + 4;
    if (headEnd === 3) return;
    const end = headEnd + Number(/^content-length: *(\d+)/im.exec(rest.slice(0, headEnd))?.[1] ?? 0);
    if (rest.length < end) return;
    const number = /#(\d+)#/.exec(rest)?.[1];
    const path = rest.slice(rest.indexOf(' ') + 1, rest.indexOf(' HTTP/'));
    rest = rest.slice(end);
    if (number === undefined) socket.write(KNOWN[path] ?? whole('{}'));
    else begin(socket, Number(number));
  });
}

function begin(socket: Socket, number: number): void {
  const one: Served = { number, pieces: 0, promptTokens: 0, completionTokens: 0 };
  served.push(one);
  socket.write(LINES);
  speaking.set(socket, one);
  speak(socket, one);
}

function speak(socket: Socket, one: Served): void {
  const { kind, pieces } = plannedOf(one.number);
  if (one.pieces < pieces) {
    one.pieces += 1;
    socket.write(PIECE);
    return;
  }
  speaking.delete(socket);
  if (kind === 'left') return;
  if (kind === 'broken') {
    socket.end();
    return;
  }
  // Each answer has tokens of its own, so that no row can be right by chance.
  one.promptTokens = 10 + (one.number % 90);
  one.completionTokens = one.number + served.length;
  const counts = `"prompt_eval_count":${String(one.promptTokens)},"eval_count":${String(one.completionTokens)}`;
  const last = `{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop",${counts}}\n`;
  socket.write(`${chunk(last)}0\r\n\r\n`);
}

setInterval(() => {
  for (const [socket, one] of speaking) speak(socket, one);
}, GAP_MS);

const ports = [0, 1].map(async () => {
  const server = createServer(serve);
  await new Promise<void>((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve);
  });
  return (server.address() as AddressInfo).port;
});
process.send?.(await Promise.all(ports));
process.on('message', () => {
  process.send?.(served);
});
process.on('disconnect', () => {
  process.exit();
});
