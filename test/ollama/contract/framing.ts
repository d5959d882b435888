import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Server } from '../asking.ts';
import type { Case } from '../case.ts';
import { ENDLESS } from './work.ts';

/** Every byte of a response; `halfClose` ends the client's half of the connection when the response begins. */
async function sendRaw(server: Server, path: string, body: object, halfClose = false): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const text = JSON.stringify(body);
  const head = `POST ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: ${String(Buffer.byteLength(text))}\r\nConnection: close\r\n\r\n`;
  let seen = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (seen += chunk));
  socket.setTimeout(10_000, () => socket.destroy(new Error(`nothing was sent for 10 s; before: ${seen}`)));
  socket.write(head + text);
  if (halfClose) socket.once('data', () => socket.end());
  await once(socket, 'end');
  socket.destroy();
  return seen;
}

/** The HTTP chunks of a response. */
function chunksOf(raw: string): readonly string[] {
  const chunks: string[] = [];
  let rest = Buffer.from(raw.slice(raw.indexOf('\r\n\r\n') + 4));
  for (;;) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.subarray(0, end).toString(), 16);
    if (!(size > 0)) return chunks;
    chunks.push(rest.subarray(end + 2, end + 2 + size).toString());
    rest = rest.subarray(end + 2 + size + 2);
  }
}

const MESSAGES = [{ role: 'user', content: 'Say something.' }];

/** The bytes on the wire. */
export const FRAMING: readonly Case[] = [
  {
    name: 'a native stream has one object and a newline in each HTTP chunk',
    check: async (server) => {
      const raw = await sendRaw(server, '/api/chat', {
        model: 'tiny',
        messages: MESSAGES,
        options: { num_predict: 8, seed: 3 },
      });
      assert.match(raw, /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(raw, /\r\nTransfer-Encoding: chunked\r\n/);
      const chunks = chunksOf(raw);
      assert.ok(chunks.length > 1);
      for (const chunk of chunks) assert.match(chunk, /^\{[^\n]*\}\n$/);
      assert.ok(raw.endsWith('\r\n0\r\n\r\n'));
    },
  },
  {
    name: 'the last text of a /v1 stream, its usage and [DONE] are one HTTP chunk',
    check: async (server) => {
      const raw = await sendRaw(server, '/v1/chat/completions', {
        model: 'tiny',
        messages: MESSAGES,
        max_tokens: 8,
        stream: true,
        stream_options: { include_usage: true },
      });
      const last = chunksOf(raw).at(-1) ?? '';
      assert.match(
        last,
        /^data: \{.*"finish_reason":"(?:length|stop)"\}\]\}\n\ndata: \{.*"choices":\[\],"usage":\{.*\}\}\n\ndata: \[DONE\]\n\n$/,
      );
    },
  },
  {
    name: 'a whole native answer ends without a newline, one of /v1 with one',
    check: async (server) => {
      assert.match(
        await sendRaw(server, '/api/chat', {
          model: 'tiny',
          messages: MESSAGES,
          stream: false,
          options: { num_predict: 1 },
        }),
        /\r\nContent-Length: \d+\r\n[\s\S]*\}$/,
      );
      assert.match(
        await sendRaw(server, '/v1/chat/completions', { model: 'tiny', messages: MESSAGES, max_tokens: 1 }),
        /\}\n$/,
      );
    },
  },
  {
    name: 'JSON is escaped as Go does it',
    check: async (server) => {
      const raw = await sendRaw(server, '/api/chat', {
        model: 'tiny-plain',
        messages: [{ role: 'user', content: '<b> & \u2028' }],
        _debug_render_only: true,
      });
      assert.ok(raw.includes(String.raw`\u003cuser\u003e\u003cb\u003e \u0026 \u2028\n\u003cassistant\u003e`), raw);
    },
  },
  {
    name: 'a client that closes only its sending half counts as gone',
    check: async (server) => {
      const raw = await sendRaw(server, '/api/chat', { model: 'tiny', ...ENDLESS }, true);
      assert.ok(!raw.includes('"done":true'), 'it was answered to the end');
    },
  },
];
