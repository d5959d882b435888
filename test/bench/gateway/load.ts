import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** The key that every load carries; proxies without keys ignore it. */
export const KEY = 'sk-bench-0123456789abcdef';

/** A chat as bytes. */
export function chatBytes(content: string, stream: boolean, key = KEY): Buffer {
  const body = {
    model: 'm',
    messages: [
      { role: 'system', content: 'You are terse.' },
      { role: 'user', content },
    ],
    temperature: 0.7,
    max_tokens: 64,
    stream,
  };
  return requestBytes('POST', '/v1/chat/completions', body, key);
}

/** Any request as bytes. */
export function requestBytes(method: string, path: string, json: object | undefined, key = KEY): Buffer {
  const body = json === undefined ? '' : JSON.stringify(json);
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
  );
}

/** The result of a load of short requests. */
export interface PlainResult {
  readonly requests: number;
  readonly failures: number;
  readonly seconds: number;
  /** Time of each request, ascending, ms. */
  readonly latenciesMs: readonly number[];
}

/** Keeps a number of connections busy with one request after the other, or, with `perSecond`, sends that many in all, evenly. */
export async function runPlain(
  port: number,
  connections: number,
  forMs: number,
  perSecond = Infinity,
  key = KEY,
): Promise<PlainResult> {
  const pauseMs = (1000 * connections) / perSecond;
  const bytes = chatBytes('Say something.', false, key);
  const latenciesMs: number[] = [];
  let failures = 0;
  const beginMs = performance.now();
  const endMs = beginMs + forMs;
  const client = async (number: number): Promise<void> => {
    const socket = await open(port);
    const { promise, resolve } = Promise.withResolvers<void>();
    let text = '';
    let dueMs = beginMs + (pauseMs * number) / connections;
    let sentMs = 0;
    const send = (): void => {
      sentMs = performance.now();
      socket.write(bytes);
    };
    socket.on('data', (piece: string) => {
      text += piece;
      if (!isWhole(text)) return;
      const nowMs = performance.now();
      latenciesMs.push(nowMs - sentMs);
      if (!text.startsWith('HTTP/1.1 200')) failures += 1;
      text = '';
      dueMs += pauseMs;
      if (nowMs >= endMs) socket.destroy();
      else if (dueMs > nowMs) setTimeout(send, dueMs - nowMs);
      else send();
    });
    socket.once('close', () => {
      // A connection that the proxy closes loses its request.
      if (performance.now() < endMs) failures += 1;
      resolve();
    });
    send();
    await promise;
  };
  await Promise.all(Array.from({ length: connections }, (_, number) => client(number)));
  return {
    requests: latenciesMs.length,
    failures,
    seconds: (performance.now() - beginMs) / 1000,
    latenciesMs: latenciesMs.toSorted((a, b) => a - b),
  };
}

/** The result of a load of streams. */
export interface StreamResult {
  /** Streams that did not end with `[DONE]`. */
  readonly failures: number;
  /** From sending to the first event, ascending, ms. */
  readonly firstMs: readonly number[];
  /** Events while all streams were open, and the values of `look` at the start and the end of that time. */
  readonly events: number;
  readonly looks: readonly [number, number];
}

/** Opens a number of streams, with a gap between them, and reads them to their end. */
export async function runStreams(
  port: number,
  plan: { readonly streams: number; readonly pieces: number; readonly gapMs: number },
  look: () => number,
  key = KEY,
): Promise<StreamResult> {
  const bytes = chatBytes(`say ${String(plan.pieces)} every ${String(plan.gapMs)} ms`, true, key);
  const firstMs: number[] = [];
  let [failures, events, begun, ended, begin, end] = [0, 0, 0, 0, 0, 0];
  const client = async (number: number): Promise<void> => {
    const socket = await open(port);
    await new Promise((resolve) => setTimeout(resolve, (number * plan.gapMs * 5) / plan.streams));
    const { promise, resolve } = Promise.withResolvers<void>();
    const sentMs = performance.now();
    let first = true;
    let tail = '';
    socket.on('data', (piece: string) => {
      for (let at = piece.indexOf('data: '); at >= 0; at = piece.indexOf('data: ', at + 6)) {
        events += 1;
        if (first) {
          first = false;
          firstMs.push(performance.now() - sentMs);
          begun += 1;
          if (begun === plan.streams) [events, begin] = [0, look()];
        }
      }
      tail = (tail + piece).slice(-64);
      if (tail.endsWith('\r\n0\r\n\r\n')) socket.destroy();
    });
    socket.once('close', () => {
      ended += 1;
      if (ended === 1) [end, counted] = [look(), events];
      if (!tail.includes('data: [DONE]')) failures += 1;
      resolve();
    });
    socket.write(bytes);
    await promise;
  };
  let counted = 0;
  await Promise.all(Array.from({ length: plan.streams }, (_, number) => client(number)));
  return { failures, firstMs: firstMs.toSorted((a, b) => a - b), events: counted, looks: [begin, end] };
}

/** Connects. */
export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
  await once(socket, 'connect');
  socket.on('error', () => socket.destroy());
  return socket;
}

/** Whether the awaited response is complete. */
export function isWhole(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, headEnd))?.[1];
  return length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= headEnd + 4 + Number(length);
}
