import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { floods } from './hostile-connections.ts';
import { CHAT, MIB, type HostileRequest } from './hostile-request.ts';
import { hostileRequests } from './hostile-requests.ts';
import { KEY } from './load.ts';
import type { Started } from './proxy.ts';
import { markdown } from './table.ts';

/**
 * A server that answers as Ollama does, with a model that sees, calls and thinks. It answers 1,000 inputs with vectors of 1,024 numbers and
 * 2,048 inputs with vectors of 4,096, and refuses a chat that begins with REFUSE with the chat's own words.
 */
export async function startTarget(): Promise<{ readonly url: string; stop(): void }> {
  const answers = new Map([1, 1000, 2048].map((count) => [count, vectors(count, count === 2048 ? 4096 : 1024)]));
  const models = { models: [{ name: 'm:latest', model: 'm:latest' }] };
  const show = { capabilities: ['completion', 'tools', 'thinking', 'vision'], details: {}, model_info: {} };
  const reply = (url: string, body: Buffer): { readonly status?: number; readonly text: string | Buffer } => {
    if (url === '/api/tags' || url === '/api/ps') return { text: JSON.stringify(models) };
    if (url === '/api/show') return { text: JSON.stringify(show) };
    if (url === '/api/embed') return { text: answers.get(body.toString().split('"x"').length - 1) ?? '{"models":[]}' };
    const refused = body.indexOf('REFUSE');
    if (refused >= 0) return { status: 400, text: JSON.stringify({ error: body.toString('utf8', refused) }) };
    const text = url === '/api/chat' ? { message: { role: 'assistant', content: 'word' } } : { response: 'word' };
    const end = { done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 2 };
    return {
      text: [text, { ...text, ...end }]
        .map((line) => `${JSON.stringify({ model: 'm', done: false, ...line })}\n`)
        .join(''),
    };
  };
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { status = 200, text } = reply(incoming.url ?? '', Buffer.concat(chunks));
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return { url: `http://127.0.0.1:${String(port)}`, stop: () => server.close().closeAllConnections() };
}

function vectors(count: number, length: number): Buffer {
  const vector = `[${Array.from({ length }, (_, index) => ((index * 7919) % 10_007) / 10_007 - 0.5).join(',')}]`;
  return Buffer.from(`{"model":"m","embeddings":[${Array.from({ length: count }, () => vector).join(',')}]}`);
}

/** A chat whose field holds as many copies of a value as fit into a size. */
function filled(mib: number, head: string, value: string, tail: string): Buffer {
  const times = Math.floor((mib * MIB - head.length - tail.length) / (value.length + 1));
  return Buffer.from(`${head}${`${value},`.repeat(times - 1)}${value}${tail}`);
}

function attacks(mib: number): readonly HostileRequest[] {
  const chat = '{"model":"m","messages":[{"role":"user","content":"x"}]';
  const message = '{"role":"user","content":"x"}';
  const tool = '{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}';
  const half = Math.floor((mib * MIB) / 2) - 100;
  const keys = Array.from(
    { length: Math.floor((mib * MIB - 100) / 14) },
    (_, index) => `"k${String(index).padStart(8, '0')}":1`,
  );
  const bodies: Readonly<Record<string, Buffer>> = {
    'empty objects': filled(mib, '{"model":"m","messages":[', '{}', ']}'),
    'deep nesting': Buffer.from(`${chat},"metadata":${'['.repeat(half)}${']'.repeat(half)}}`),
    'many keys': Buffer.from(`${chat},"metadata":{${keys.join(',')}}}`),
    'many messages': filled(mib, '{"model":"m","messages":[', message, ']}'),
    'many content parts': filled(
      mib,
      '{"model":"m","messages":[{"role":"user","content":[',
      '{"type":"text","text":"x"}',
      ']}]}',
    ),
    'many tools': filled(mib, `${chat},"tools":[`, tool, ']}'),
    'a long text': Buffer.from(`{"model":"m","messages":[{"role":"user","content":"${'x'.repeat(mib * MIB - 100)}"}]}`),
    'a long text of escapes': Buffer.from(
      `{"model":"m","messages":[{"role":"user","content":"${'\\n'.repeat(half)}"}]}`,
    ),
  };
  return Object.entries(bodies).map(([name, body]) => ({ name: `${name}, ${String(mib)} MiB`, path: CHAT, body }));
}

/** For each kind of refused body, the largest that is accepted: as many values as fit, filled up to the size with text or blanks. */
function accepted(mib: number): readonly HostileRequest[] {
  const list = (open: string, count: number, itemOf: (text: string) => string, close: string, filler = 'x'): Buffer => {
    const bare = open.length + close.length + count * (itemOf('').length + 1);
    const item = itemOf(filler.repeat(Math.floor((mib * MIB - bare) / count)));
    return Buffer.from(`${open}${`${item},`.repeat(count - 1)}${item}${close}`);
  };
  const chat = '{"model":"m","messages":[{"role":"user","content":"x"}]';
  const text = (content: string): string => `{"role":"user","content":"${content}"}`;
  const part = (content: string): string => `{"type":"text","text":"${content}"}`;
  const tool = (about: string): string =>
    `{"type":"function","function":{"name":"f","description":"${about}","parameters":{"type":"object"}}}`;
  let keys = 0;
  const key = Math.floor((mib * MIB - 100) / 30_000) - 16;
  const pairs = Array.from({ length: 30_000 }, () => `"k${String((keys += 1)).padStart(8, '0')}":"${'x'.repeat(key)}"`);
  const bodies: Readonly<Record<string, Buffer>> = {
    '190,000 empty objects': list(`${chat},"metadata":{"a":[`, 190_000, (blanks) => `{}${blanks}`, ']}}', ' '),
    '400 × 480 nested lists': list(
      `${chat},"metadata":{"a":[`,
      400,
      (blanks) => `${'['.repeat(480)}${blanks}${']'.repeat(480)}`,
      ']}}',
      ' ',
    ),
    '30,000 keys': Buffer.from(`${chat},"metadata":{${pairs.join(',')}}}`),
    '9,900 messages': list('{"model":"m","messages":[', 9900, text, ']}'),
    '9,900 content parts': list('{"model":"m","messages":[{"role":"user","content":[', 9900, part, ']}]}'),
    '5,000 tools': list(`${chat},"tools":[`, 5000, tool, ']}'),
    'one image': Buffer.from(
      `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,${'iVBORw0K'.repeat((mib * MIB - 200) / 8)}"}}]}]}`,
    ),
  };
  return Object.entries(bodies).map(([name, body]) => ({ name: `${name}, ${String(mib)} MiB`, path: CHAT, body }));
}

/** Time for which a flood is answered, ms. */
const FLOOD_MS = 3000;

/** Sends bytes over a connection, and closes it after a while. Returns the first status. */
async function flood(port: number, bytes: Buffer): Promise<number> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  let first = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    if (first === '') first = text;
  });
  socket.write(bytes);
  await sleep(FLOOD_MS);
  socket.destroy();
  return Number(first.split(' ', 2)[1] ?? 0);
}

function send(port: number, { path, body, headers: more, bytes }: HostileRequest): Promise<number> {
  if (bytes !== undefined) return flood(port, bytes);
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      'content-length': body.length,
      ...more,
    };
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers });
    sent.on('response', (response) => response.resume().on('close', () => resolve(response.statusCode ?? 0)));
    sent.on('error', () => resolve(0)).end(body);
  });
}

/** The longest time of a small request since the last call, ms. */
async function longestOf(prober: ChildProcess): Promise<number> {
  const answer = once(prober, 'message');
  prober.send('');
  const [longest] = (await answer) as [number]; // prober.ts
  return longest;
}

/** The longest turn of the gateway's event loop since the last call, ms of CPU time; `folder` is where it runs (turns.ts). */
async function turnOf(pid: number, folder: string): Promise<number> {
  const file = join(folder, 'turn.txt');
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  while (!existsSync(file) || readFileSync(file).length === 0) await sleep(5);
  return Number(readFileSync(file, 'utf8'));
}

const ROUNDS = 3;

/**
 * Sends each hostile request by itself, three times, and reports the longest time that a small request beside it took, the median and the
 * worst of the three, and the longest turn of the gateway's event loop in the best of them. `only` limits it to names with this text.
 */
export async function delays({ port, pid }: Started, folder: string, only: string | undefined): Promise<string> {
  const prober = fork(join(import.meta.dirname, 'prober.ts'), [String(port)]);
  await sleep(1000);
  const inputs = (count: number): HostileRequest => ({
    name: `embeddings, ${String(count)} × ${count === 1000 ? '1,024' : '4,096'}`,
    path: '/v1/embeddings',
    body: Buffer.from(JSON.stringify({ model: 'm', input: Array.from({ length: count }, () => 'x') })),
  });
  const zipped = (name: string, body: Buffer): HostileRequest => ({
    name,
    path: CHAT,
    body: gzipSync(body),
    headers: { 'content-encoding': 'gzip' },
  });
  const text = Buffer.from(`{"model":"m","messages":[{"role":"user","content":"${'x'.repeat(60 * MIB)}"}]}`);
  const rows: string[][] = [];
  const groups = [
    () => [{ name: 'a request of 32 bytes', path: '/v1/embeddings', body: Buffer.from('{"model":"m","input":["x"]}') }],
    () => attacks(8),
    () => accepted(8),
    () => attacks(60),
    () => accepted(60),
    () => [inputs(1000), inputs(2048)],
    hostileRequests,
    () => floods(KEY),
    () => [zipped('gzip, a long text of 60 MiB', text), zipped('gzip, 1 GiB in 1 MiB', Buffer.alloc(1024 * MIB, ' '))],
  ];
  for (const makes of groups)
    for (const attack of makes().filter(({ name }) => only === undefined || name.includes(only))) {
      const longest: number[] = [];
      const turns: number[] = [];
      const statuses = new Set<number>();
      for (let round = 0; round < ROUNDS; round += 1) {
        await longestOf(prober);
        await turnOf(pid, folder);
        statuses.add(await send(port, attack));
        await sleep(20);
        longest.push(await longestOf(prober));
        turns.push(await turnOf(pid, folder));
      }
      const [, median = 0, worst = 0] = longest.toSorted((a, b) => a - b);
      rows.push([
        attack.name,
        [...statuses].join(', '),
        String(Math.min(...turns)),
        median.toFixed(0),
        worst.toFixed(0),
      ]);
    }
  prober.disconnect();
  return markdown(
    ['request', 'status', 'longest turn, ms of CPU', 'delay of a small request, ms: median', 'worst'],
    rows,
  );
}
