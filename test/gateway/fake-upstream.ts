import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request as a fake server got it. */
export interface Got {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Resolves when its connection is closed before the answer was whole. */
  readonly left: Promise<void>;
}

/** What a fake server does with a request. */
export type Behaviour = (got: Got, outgoing: ServerResponse) => void | Promise<void>;

/** A server that answers as it is told. */
export interface FakeUpstream {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly Got[];
  /** How many loads it was asked for. */
  loads(): number;
  behave(behaviour: Behaviour): void;
  /** Has nothing in its memory, and lets loads wait, until what this gives is called. */
  holdLoads(): () => void;
  /** Says nothing more, not even that it lives, while its connections stay up, until it thaws. */
  freeze(): void;
  thaw(): void;
  /** Ends every connection at once, and listens no more. */
  kill(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Addresses on which nobody listens: unlike a port that was given up, nobody is given one of these by chance. */
export const NOWHERE = ['http://127.0.0.1:1', 'http://127.0.0.1:2'] as const;

/** Starts one; `/api/version`, `/api/ps` and loads it answers by itself, as long as it lives, and they do not count as requests. */
export async function startFake(behaviour: Behaviour = answersShortly('hello'), port = 0): Promise<FakeUpstream> {
  const requests: Got[] = [];
  let current = behaviour;
  let frozen = false;
  let loads = 0;
  let held: Promise<void> | undefined;
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      if (frozen) return;
      if (incoming.url === '/api/version') {
        outgoing.end('{"version":"0.22.1"}');
        return;
      }
      if (incoming.url === '/api/ps') {
        outgoing.end(JSON.stringify({ models: held === undefined ? [{ name: 'm:latest' }] : [] }));
        return;
      }
      const pieces: Buffer[] = [];
      for await (const bytes of incoming) pieces.push(bytes as Buffer);
      const body = Buffer.concat(pieces).toString('utf8');
      if (isLoad(incoming.url, body)) {
        loads += 1;
        await held;
        outgoing.end('{"model":"m","response":"","done":true,"done_reason":"load"}');
        return;
      }
      const left = new Promise<void>((resolve) => {
        outgoing.once('close', () => {
          if (!outgoing.writableFinished) resolve();
        });
      });
      const got: Got = { path: incoming.url ?? '', headers: incoming.headers, body, left };
      requests.push(got);
      await current(got, outgoing);
    })().catch(() => incoming.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const kill = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    port: address.port,
    requests,
    loads: () => loads,
    behave: (next) => {
      current = next;
    },
    holdLoads: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return () => {
        held = undefined;
        resolve();
      };
    },
    freeze: () => {
      frozen = true;
    },
    thaw: () => {
      frozen = false;
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** Whether nothing is asked for but that the model be in memory. */
function isLoad(path: string | undefined, body: string): boolean {
  return path === '/api/generate' && /^\{"model":"[^"]*","stream":false/.test(body) && !body.includes('"prompt"');
}

/** One piece of an answer of `/api/chat`. */
export function piece(content: string): string {
  return `${JSON.stringify({ model: 'm', message: { role: 'assistant', content }, done: false })}\n`;
}

/** Its end. */
export const DONE = `${JSON.stringify({ model: 'm', message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 2 })}\n`;

/** Answers every chat with one text, at once. */
export function answersShortly(text: string): Behaviour {
  return (_got, outgoing) => {
    outgoing.end(piece(text) + DONE);
  };
}

/** Answers with a status and Ollama's error. */
export function fails(status: number, error: string): Behaviour {
  return (_got, outgoing) => {
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
  };
}

/** Sends these pieces, so many ms apart, then the end. */
export function streams(texts: readonly string[], gapMs: number): Behaviour {
  return async (_got, outgoing) => {
    for (const text of texts) {
      outgoing.write(piece(text));
      await sleep(gapMs);
    }
    outgoing.end(DONE);
  };
}

/** Sends pieces and then nothing more. */
export function stalls(...texts: readonly string[]): Behaviour {
  return (_got, outgoing) => {
    if (texts.length > 0) outgoing.write(texts.map(piece).join(''));
  };
}
