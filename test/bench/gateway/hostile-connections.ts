import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { CHAT, MESSAGES, MIB, one, times, type HostileRequest } from './hostile-request.ts';

/** Requests whose head or coding is hostile. */
export function heads(): readonly HostileRequest[] {
  const chat = `{"model":"m",${MESSAGES}}`;
  const zeros = Buffer.alloc(256 * MIB, ' ');
  const twice = gzipSync(gzipSync(Buffer.alloc(1024 * MIB, ' ')));
  const json = { 'content-type': 'application/json' };
  return [
    one('a query of 15 KB', `${CHAT}?${'a=b&'.repeat(3800)}`, chat),
    one('a path of 15 KB', `/v1/${'%2e%2e/'.repeat(2100)}chat/completions`, chat),
    one('a path with a model of 15 KB', `/openai/deployments/${'m%2f'.repeat(3700)}/chat/completions`, chat),
    one(
      '700 headers',
      CHAT,
      chat,
      Object.fromEntries(Array.from({ length: 700 }, (_, at) => [`x-h${String(at)}`, 'y'])),
    ),
    one('a key of 15 KB', CHAT, chat, { authorization: `Bearer ${' '.repeat(7000)}${'k'.repeat(7000)}` }),
    { name: 'gzip in gzip, 1 GiB', path: CHAT, body: twice, headers: { ...json, 'content-encoding': 'gzip, gzip' } },
    {
      name: 'br, 256 MiB',
      path: CHAT,
      body: brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
      headers: { ...json, 'content-encoding': 'br' },
    },
    {
      name: 'zstd, 256 MiB',
      path: CHAT,
      body: zstdCompressSync(zeros),
      headers: { ...json, 'content-encoding': 'zstd' },
    },
  ];
}

/** Connections with as many requests, or pieces of one, as 8 MiB hold. `key` is that of the gateway. */
export function floods(key: string): readonly HostileRequest[] {
  const head = `Host: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n`;
  const chat = `{"model":"m",${MESSAGES}}`;
  const flood = (name: string, request: string): HostileRequest => ({
    ...one(name, '', ''),
    bytes: Buffer.from(request.repeat((8 * MIB) / request.length)),
  });
  const chunked = `POST ${CHAT} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n`;
  const chunks = Buffer.from(`${chunked}${times(MIB, (at) => `1\r\n${at === 0 ? '{' : ' '}\r\n`, '')}0\r\n\r\n`);
  return [
    flood('pipelined requests for the list of models', `GET /v1/models HTTP/1.1\r\n${head}\r\n`),
    flood('pipelined requests for the metrics', `GET /metrics HTTP/1.1\r\n${head}\r\n`),
    flood('pipelined requests without a key', 'GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n'),
    flood('pipelined chats', `POST ${CHAT} HTTP/1.1\r\n${head}Content-Length: ${String(chat.length)}\r\n\r\n${chat}`),
    { ...one('a million chunks of a byte', '', ''), bytes: chunks },
  ];
}
