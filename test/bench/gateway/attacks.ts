import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { KEY } from './load.ts';
import type { Started } from './proxy.ts';
import { markdown } from './table.ts';

const MIB = 1024 * 1024;
const CHAT = '/v1/chat/completions';

interface Attack {
  readonly name: string;
  readonly path: string;
  readonly body: Buffer;
  readonly encoding?: string;
}

/** A server that answers 1,000 inputs with vectors of 1,024 numbers, and 2,048 inputs with vectors of 4,096. */
export async function startEmbedder(): Promise<{ readonly url: string; stop(): void }> {
  const answers = new Map([1000, 2048].map((count) => [count, vectors(count, count === 1000 ? 1024 : 4096)]));
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const count = Buffer.concat(chunks).toString().split('"x"').length - 1;
      const small =
        incoming.url === '/api/tags' ? '{"models":[{"name":"m:latest","model":"m:latest"}]}' : '{"models":[]}';
      response.setHeader('content-type', 'application/json').end(answers.get(count) ?? small);
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

/** A chat whose answer is to have a schema of 5,000 definitions, each of which leads to the next. */
function definitions(): Attack {
  const parts = Array.from(
    { length: 5000 },
    (_, index) =>
      `"d${String(index)}":{"type":"object","properties":{"n":{"$ref":"#/$defs/d${String((index + 1) % 5000)}"}}}`,
  );
  const format = `{"type":"json_schema","json_schema":{"name":"a","schema":{"$defs":{${parts.join(',')}},"$ref":"#/$defs/d0"}}}`;
  const body = Buffer.from(`{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":${format}}`);
  return { name: 'a schema of 5,000 definitions', path: CHAT, body };
}

function attacks(mib: number): readonly Attack[] {
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

function send(port: number, { path, body, encoding }: Attack, agent?: Agent): Promise<number> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      ...(body.length > 0 && { 'content-length': body.length }),
      ...(encoding !== undefined && { 'content-encoding': encoding }),
    };
    const sent = request({
      host: '127.0.0.1',
      port,
      path,
      method: body.length > 0 ? 'POST' : 'GET',
      headers,
      ...(agent && { agent }),
    });
    sent.on('response', (response) => response.resume().on('close', () => resolve(response.statusCode ?? 0)));
    sent.on('error', () => resolve(0)).end(body);
  });
}

/** Sends each hostile request by itself, three times, and reports the longest time that a small request beside it took. */
export async function delays({ port }: Started): Promise<string> {
  const agent = new Agent({ keepAlive: true });
  const probe: Attack = { name: '', path: '/v1/models', body: Buffer.alloc(0) };
  for (let warm = 0; warm < 200; warm += 1) await send(port, probe, agent);
  const inputs = (count: number): Attack => ({
    name: `embeddings, ${String(count)} × ${count === 1000 ? '1,024' : '4,096'}`,
    path: '/v1/embeddings',
    body: Buffer.from(JSON.stringify({ model: 'm', input: Array.from({ length: count }, () => 'x') })),
  });
  const bomb: Attack = {
    name: 'gzip, 1 GiB in 1 MiB',
    path: CHAT,
    body: gzipSync(Buffer.alloc(1024 * MIB, ' ')),
    encoding: 'gzip',
  };
  const rows: string[][] = [];
  for (const makes of [() => attacks(8), () => attacks(60), () => [inputs(1000), inputs(2048), bomb, definitions()]])
    for (const attack of makes()) {
      let longest = 0;
      const statuses = new Set<number>();
      for (let round = 0; round < 3; round += 1) {
        const ended = new AbortController();
        const answered = send(port, attack).then((status) => {
          ended.abort();
          statuses.add(status);
        });
        while (!ended.signal.aborted) {
          const at = performance.now();
          await send(port, probe, agent);
          longest = Math.max(longest, performance.now() - at);
          await sleep(1);
        }
        await answered;
      }
      rows.push([attack.name, [...statuses].join(', '), longest.toFixed(0)]);
    }
  agent.destroy();
  return markdown(['request', 'status', 'longest delay of a small request beside it, ms'], rows);
}
