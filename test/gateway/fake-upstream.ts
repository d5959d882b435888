import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request as the fake server got it. */
export interface Got {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Resolves when the connection is closed before the response was complete. */
  readonly left: Promise<void>;
}

/** The response to a request. */
export type Behaviour = (got: Got, outgoing: ServerResponse) => void | Promise<void>;

/** A server with scripted responses. */
export interface FakeUpstream {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly Got[];
  /** Number of loads that it was asked for. */
  loads(): number;
  behave(behaviour: Behaviour): void;
  /** Empties its memory and holds loads back until the returned function is called. */
  holdLoads(): () => void;
  /** Sends nothing more, not even to a probe, while its connections stay open, until it thaws. */
  freeze(): void;
  thaw(): void;
  /** Closes every connection at once, and stops listening. */
  kill(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** URLs without a server: unlike a port that was closed, no other program gets these by chance. */
export const NOWHERE = ['http://127.0.0.1:1', 'http://127.0.0.1:2'] as const;

/** Starts one. It answers `/api/version`, `/api/ps` and loads by itself while it lives; they do not count as requests. */
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

/** Whether a request only loads the model. */
function isLoad(path: string | undefined, body: string): boolean {
  return path === '/api/generate' && /^\{"model":"[^"]*","stream":false/.test(body) && !body.includes('"prompt"');
}

/** One line of a response of `/api/chat`. */
export function piece(content: string): string {
  return `${JSON.stringify({ model: 'm', message: { role: 'assistant', content }, done: false })}\n`;
}

/** The last line. */
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

/** Sends these texts with a pause in ms between them, then the last line. */
export function streams(texts: readonly string[], gapMs: number): Behaviour {
  return async (_got, outgoing) => {
    for (const text of texts) {
      outgoing.write(piece(text));
      await sleep(gapMs);
    }
    outgoing.end(DONE);
  };
}

/** Sends texts and then nothing more. */
export function stalls(...texts: readonly string[]): Behaviour {
  return (_got, outgoing) => {
    if (texts.length > 0) outgoing.write(texts.map(piece).join(''));
  };
}
