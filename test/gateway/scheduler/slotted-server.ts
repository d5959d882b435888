import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { piece } from '../fake-upstream.ts';

/** A chat on the server: it waits inside, runs, and ends when the test says so. */
interface Chat {
  /** Content of the last message. */
  readonly prompt: string;
  readonly outgoing: ServerResponse;
  readonly sentMs: number;
  insideMs: number;
}

/** A server with Ollama's slots: chats run beside each other up to their number, and others wait inside it, in the order in which they came. */
export interface SlottedServer {
  readonly url: string;
  /** Each arrival, beginning, end and leaving: `came a`, `runs a`, `ended a`, `left a`. */
  readonly got: readonly string[];
  /** Number of chats that run. */
  running(): number;
  /** Ends the chat that has run longest. */
  end(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts one. */
export async function startSlotted(slots: number): Promise<SlottedServer> {
  const got: string[] = [];
  const waiting: Chat[] = [];
  const running: Chat[] = [];
  const run = (): void => {
    while (running.length < slots) {
      const chat = waiting.shift();
      if (chat === undefined) return;
      chat.insideMs = performance.now() - chat.sentMs;
      running.push(chat);
      got.push(`runs ${chat.prompt}`);
      chat.outgoing.write(piece(`${chat.prompt}-begins `));
    }
  };
  const leave = (chat: Chat): void => {
    if (chat.outgoing.writableFinished) return;
    got.push(`left ${chat.prompt}`);
    for (const list of [waiting, running]) {
      const at = list.indexOf(chat);
      if (at !== -1) list.splice(at, 1);
    }
    run();
  };
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      if (incoming.url === '/api/version') return outgoing.end('{"version":"0.22.1"}');
      if (incoming.url === '/api/ps') return outgoing.end('{"models":[{"name":"m:latest"}]}');
      if (incoming.url === '/api/show') return outgoing.writeHead(404).end('{"error":"not found"}');
      let text = '';
      for await (const bytes of incoming) text += String(bytes);
      const { messages } = JSON.parse(text) as { messages?: { content: string }[] };
      const prompt = messages?.at(-1)?.content;
      if (prompt === undefined) return outgoing.end('{"model":"m","response":"","done":true,"done_reason":"load"}');
      const chat = { prompt, outgoing, sentMs: performance.now(), insideMs: 0 };
      got.push(`came ${prompt}`);
      outgoing.once('close', () => {
        leave(chat);
      });
      waiting.push(chat);
      run();
      return undefined;
    })().catch(() => incoming.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    got,
    running: () => running.length,
    end: () => {
      const chat = running.shift();
      if (chat === undefined) return;
      got.push(`ended ${chat.prompt}`);
      chat.outgoing.end(piece(`${chat.prompt}-ends`) + lastLine(chat));
      run();
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The times as Ollama gives them, ns: a wait inside the server is in none but the whole. */
function lastLine({ sentMs, insideMs }: Chat): string {
  const wholeMs = performance.now() - sentMs;
  const [prompt, answer] = [1, Math.max(1, wholeMs - insideMs - 1)];
  const inNs = (ms: number): number => Math.round(ms * 1e6);
  return `${JSON.stringify({
    model: 'm',
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: 'stop',
    total_duration: inNs(insideMs + prompt + answer),
    load_duration: 0,
    prompt_eval_count: 5,
    prompt_eval_duration: inNs(prompt),
    eval_count: 2,
    eval_duration: inNs(answer),
  })}\n`;
}
