import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { closeOf } from '../close-of.ts';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';

interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends bytes as they are, and reads until the gateway closes or has sent a complete response. */
async function exchange(gateway: Running, ...pieces: readonly string[]): Promise<Reply> {
  const socket = connect(gateway.port, '127.0.0.1');
  await once(socket, 'connect');
  let text = '';
  socket.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const closed = closeOf(socket);
  for (const bytes of pieces) socket.write(bytes);
  let over = false;
  void closed.then(() => {
    over = true;
  });
  await until(`an answer to ${JSON.stringify(pieces.join('').slice(0, 60))}`, () => over || isWhole(text));
  socket.destroy();
  return parse(text);
}

function parse(text: string): Reply {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Map(
    lines.map((line): [string, string] => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(end + 4) };
}

function isWhole(text: string): boolean {
  if (!text.includes('\r\n\r\n')) return false;
  const { headers, body } = parse(text);
  return Buffer.byteLength(body) >= Number(headers.get('content-length') ?? Infinity);
}

const AUTH = `authorization: Bearer ${KEY}\r\n`;
const ROWS: readonly (readonly [
  what: string,
  request: string,
  status: number,
  more?: Readonly<Record<string, string>>,
])[] = [
  ['garbage', 'garbage\r\n\r\n', 400],
  ['a method that HTTP does not have', 'BREW / HTTP/1.1\r\nhost: x\r\n\r\n', 400],
  ['another version of HTTP', 'GET / HTTP/3.0\r\nhost: x\r\n\r\n', 400],
  ['a header without a colon', 'GET /v1/models HTTP/1.1\r\nhost x\r\n\r\n', 400],
  ['two lengths', 'POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
  [
    'a length and chunks',
    'POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
    400,
  ],
  ['a Host that is none', `GET /v1/models HTTP/1.1\r\nhost: a b\r\n${AUTH}\r\n`, 400],
  ['an address that is none', `GET http://[ HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n`, 400],
  ['headers of 20 kB', `GET /v1/models HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  [
    'an expectation that nobody meets',
    `POST /v1/embeddings HTTP/1.1\r\nhost: x\r\n${AUTH}expect: a-miracle\r\n\r\n`,
    417,
  ],
  [
    'CONNECT',
    'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n',
    405,
    { allow: 'GET, HEAD, POST, OPTIONS' },
  ],
  ['TRACE', 'TRACE /v1/models HTTP/1.1\r\nhost: x\r\n\r\n', 405, { allow: 'GET, HEAD, OPTIONS' }],
  ['a star that is not asked for OPTIONS', 'GET * HTTP/1.1\r\nhost: x\r\n\r\n', 400],
  ['broken percent signs', `GET /v1/%ff%zz HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n`, 404],
  [
    'an upgrade to what is not spoken',
    `GET /v1/nope HTTP/1.1\r\nhost: x\r\n${AUTH}connection: upgrade\r\nupgrade: websocket\r\n\r\n`,
    404,
  ],
];

test('every malformed request is answered with the error object and an id', async (t) => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  for (const [what, request, status, more = {}] of ROWS) {
    await t.test(`${what}: ${String(status)}`, async () => {
      const before = gateway.ended().length;
      const reply = await exchange(gateway, request);
      assert.equal(reply.status, status, reply.body);
      assert.match(reply.headers.get('x-request-id') ?? '', /^req_[0-9a-f]{32}$/);
      assert.equal(reply.headers.get('content-type'), 'application/json');
      for (const [name, value] of Object.entries(more)) assert.equal(reply.headers.get(name), value);
      const { error } = JSON.parse(reply.body) as { error: object };
      assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code']);
      assert.partialDeepStrictEqual(error, { type: 'invalid_request_error', param: null, code: null });
      await until('the line is written', () => gateway.ended().length === before + 1);
      assert.partialDeepStrictEqual(gateway.ended().at(-1), { status });
    });
  }
  assert.equal((await gateway.chat()).status, 200, 'and the gateway lives');
});

test('a request of HTTP/1.0 without Host, in absolute form, or in pieces is served', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  assert.equal((await exchange(gateway, `GET /v1/models HTTP/1.0\r\n${AUTH}\r\n`)).status, 200);
  assert.match(
    (await exchange(gateway, `GET http://elsewhere/v1/models/m HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n`)).body,
    /"id":"m"/,
  );
  const body = '{"model":"m","messages":[{"role":"user","content":"hi"}]}';
  const chunks = body.split('').map((sign) => `1\r\n${sign}\r\n`);
  assert.match(
    (
      await exchange(
        gateway,
        `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${AUTH}transfer-encoding: chunked\r\n\r\n`,
        ...chunks,
        '0\r\n\r\n',
      )
    ).body,
    /"content":"hello"/,
  );
});

test('a body that is too large is refused with 413, by its length or as it comes, and the refusal arrives', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], { hxllm: { max_body_mib: 0.001 } });
  const stated = await exchange(
    gateway,
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${AUTH}content-length: 5000000\r\n\r\n`,
    'x'.repeat(5_000_000),
  );
  assert.deepEqual([stated.status, JSON.parse(stated.body).error.code], [413, null]);
  const chunk = `10000\r\n${'x'.repeat(0x1_0000)}\r\n`;
  const flowing = await exchange(
    gateway,
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${AUTH}transfer-encoding: chunked\r\n\r\n`,
    ...Array.from({ length: 64 }, () => chunk),
    '0\r\n\r\n',
  );
  assert.deepEqual([flowing.status, JSON.parse(flowing.body).error.type], [413, 'invalid_request_error']);
  assert.equal(fake.requests.length, 0);
});

test('two requests in one packet get two answers, in order', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const reply = await exchange(
    gateway,
    `GET /v1/models/m HTTP/1.1\r\nhost: x\r\n${AUTH}\r\nGET /v1/nope HTTP/1.1\r\nhost: x\r\n${AUTH}connection: close\r\n\r\n`,
  );
  await until('both are logged', () => gateway.ended().length === 2);
  assert.deepEqual(
    gateway.ended().map(({ path }) => path),
    ['/v1/models/m', '/v1/nope'],
  );
  assert.match(reply.body, /"id":"m"/);
});
