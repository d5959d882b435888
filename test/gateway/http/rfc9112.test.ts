import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersShortly, piece, startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until } from '../running.ts';
import { rawConnection, statusesIn } from './raw-connection.ts';

const AUTH = `authorization: Bearer ${KEY}\r\n`;
const HEAD = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${AUTH}`;
const BODY = '{"model":"m","messages":[{"role":"user","content":"hi"}]}';
const LENGTH = `content-length: ${String(BODY.length)}\r\n`;
const CHUNK = `${BODY.length.toString(16)}\r\n${BODY}\r\n`;
const LIST = `GET /v1/models HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n`;
const CLOSE = 'connection: close\r\n';

const HEADS: readonly (readonly [what: string, request: string, status: number])[] = [
  ['no Host', `GET /health/liveliness HTTP/1.1\r\n${CLOSE}\r\n`, 400],
  ['two Hosts', `GET /health/liveliness HTTP/1.1\r\nhost: x\r\nhost: y\r\n${CLOSE}\r\n`, 400],
  ['one Host twice', `GET /health/liveliness HTTP/1.1\r\nHost: x\r\nhOsT: x\r\n${CLOSE}\r\n`, 400],
  ['two Hosts in HTTP/1.0', 'GET /health/liveliness HTTP/1.0\r\nhost: x\r\nhost: y\r\n\r\n', 400],
  ['no Host before a body', `POST /v1/embeddings HTTP/1.1\r\n${AUTH}${CLOSE}content-length: 2\r\n\r\n{}`, 400],
  ['no Host in absolute form', `GET http://x/v1/models HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`, 400],
  ['no Host on an unknown path', `GET /nope HTTP/1.1\r\n${CLOSE}\r\n`, 400],
  ['an empty Host', `GET /health/liveliness HTTP/1.1\r\nhost:\r\n${CLOSE}\r\n`, 200],
  ['HTTP/1.0 without Host', 'GET /health/liveliness HTTP/1.0\r\n\r\n', 200],
  ['HTTP/2.0 as the version', `GET /health/liveliness HTTP/2.0\r\nhost: x\r\n${CLOSE}\r\n`, 400],
  ['capitals in the scheme', `GET HTTP://x/health/liveliness HTTP/1.1\r\nhost: x\r\n${CLOSE}\r\n`, 200],
  ['gzip before chunked', `${HEAD}transfer-encoding: gzip, chunked\r\n${CLOSE}\r\n${CHUNK}0\r\n\r\n`, 501],
  ['identity before chunked', `${HEAD}transfer-encoding: identity, chunked\r\n${CLOSE}\r\n${CHUNK}0\r\n\r\n`, 501],
  [
    'two lines of codings',
    `${HEAD}transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n${CLOSE}\r\n${CHUNK}0\r\n\r\n`,
    501,
  ],
  ['a coding that is not the last', `${HEAD}transfer-encoding: chunked, gzip\r\n${CLOSE}\r\n${CHUNK}0\r\n\r\n`, 400],
  ['a coding without chunked', `${HEAD}transfer-encoding: gzip\r\n${CLOSE}\r\nabc`, 400],
  ['chunked twice', `${HEAD}transfer-encoding: chunked, chunked\r\n${CLOSE}\r\n${CHUNK}0\r\n\r\n`, 400],
  ['chunked in other letters', `${HEAD}Transfer-Encoding: Chunked\r\n${CLOSE}\r\n${CHUNK}0\r\n\r\n`, 200],
  [
    'chunks in HTTP/1.0',
    `POST /v1/chat/completions HTTP/1.0\r\n${AUTH}transfer-encoding: chunked\r\n\r\n${CHUNK}0\r\n\r\n`,
    400,
  ],
];

test('the head of a request is held to RFC 9112', async (t) => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  for (const [what, request, status] of HEADS)
    await t.test(`${what}: ${String(status)}`, async () => {
      await using raw = await rawConnection(gateway, request);
      const text = await raw.whole();
      assert.deepEqual(statusesIn(text), [status], text);
      if (status !== 200) assert.match(text, /"error":\{"message":"/);
    });
});

const MALFORMED: readonly (readonly [what: string, chunks: string])[] = [
  ['a size that is no number', 'xyz\r\nabc\r\n'],
  ['a chunk longer than its size', '3\r\nabcdef\r\n0\r\n\r\n'],
  ['a size beyond all numbers', 'ffffffffffffffffff\r\nabc\r\n'],
  ['a size below zero', '-1\r\nabc\r\n'],
  ['a good chunk and a bad one', `${CHUNK}zz\r\n`],
  ['a trailer that is none', `${CHUNK}0\r\nno colon\r\n\r\n`],
];

test('a malformed chunk gets its 400, in the dialect of its path, and no server is asked', async (t) => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  for (const [what, chunks] of MALFORMED)
    for (const [path, error] of [
      ['/v1/chat/completions', /"error":\{"message":"/],
      ['/v1/messages', /^\{"type":"error"/],
      ['/api/chat', /^\{"error":"/],
    ] as const)
      await t.test(`${what} on ${path}`, async () => {
        const before = gateway.ended().length;
        const head = `POST ${path} HTTP/1.1\r\nhost: x\r\n${AUTH}transfer-encoding: chunked\r\n\r\n`;
        await using raw = await rawConnection(gateway, head + chunks);
        const text = await raw.whole();
        assert.deepEqual(statusesIn(text), [400], text);
        assert.match(text, /\r\nconnection: close/i);
        assert.match(text.split('\r\n\r\n')[1] ?? '', error);
        await until('the line is written', () => gateway.ended().length === before + 1);
        assert.partialDeepStrictEqual(gateway.ended().at(-1), {
          status: 400,
          path,
          failure: 'invalid',
          ended: 'refused',
        });
      });
  assert.equal(fake.requests.length, 0);
});

test('the 400 of a malformed chunk arrives while the client still sends', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  await using raw = await rawConnection(gateway, `${HEAD}transfer-encoding: chunked\r\n\r\nxyz\r\n`);
  for (let sent = 0; sent < 200 && !raw.closed(); sent += 1) raw.send('x'.repeat(64 * 1024));
  assert.deepEqual(statusesIn(await raw.whole()), [400]);
});

test('a malformed chunk behind an answer that was sent is no second request', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const head = 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n';
  await using raw = await rawConnection(gateway, head);
  await raw.saw('"error"');
  raw.send('xyz\r\n');
  assert.deepEqual(statusesIn(await raw.whole()), [401]);
});

test('a valid request before garbage gets its answer, and then the garbage gets its 400', async (t) => {
  for (const [what, request, wanted] of [
    ['a list', LIST, /"object":"list"/],
    ['a chat that takes its time', `${HEAD}${LENGTH}\r\n${BODY}`, /"content":"hello"/],
    [
      'a stream',
      `${HEAD}content-length: ${String(BODY.length + 14)}\r\n\r\n${BODY.slice(0, -1)},"stream":true}`,
      /\[DONE\]/,
    ],
  ] as const)
    await t.test(what, async () => {
      await using fake = await startFake(async (got, outgoing) => {
        await new Promise((resolve) => setTimeout(resolve, 150));
        await answersShortly('hello')(got, outgoing);
      });
      await using gateway = await startGateway([fake]);
      await using raw = await rawConnection(gateway, `${request}garbage\r\n\r\n`);
      const text = await raw.whole();
      assert.deepEqual(statusesIn(text), [200, 400], text);
      assert.match(text, wanted);
      await until('both are logged', () => gateway.ended().length === 2);
    });
});

test('two valid requests before a malformed chunk are answered, in order', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  await using raw = await rawConnection(
    gateway,
    `${HEAD}${LENGTH}\r\n${BODY}${LIST}${HEAD}transfer-encoding: chunked\r\n\r\nxyz\r\n`,
  );
  const text = await raw.whole();
  assert.deepEqual(statusesIn(text), [200, 200, 400], text);
  assert.ok(text.indexOf('"content":"hello"') < text.indexOf('"object":"list"'));
});

test('a request that says close gets its answer, also with bytes behind it', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  await using raw = await rawConnection(gateway, `${HEAD}${CLOSE}${LENGTH}\r\n${BODY}garbage`);
  assert.deepEqual(statusesIn(await raw.whole()), [200]);
});

test('a client that leaves behind garbage is cancelled at the server', async () => {
  await using fake = await startFake((_got, outgoing) => void outgoing.write(piece('a')));
  await using gateway = await startGateway([fake]);
  await using raw = await rawConnection(gateway, `${HEAD}${LENGTH}\r\n${BODY}garbage\r\n\r\n`);
  await until('the server is asked', () => fake.requests.length === 1);
  raw.end();
  await fake.requests[0]?.left;
  await until('the slot is free', () => gateway.service().scheduler.inFlight === 0);
});

const EXPECT = 'expect: 100-continue\r\n';
const REFUSED: readonly (readonly [what: string, head: string, status: number])[] = [
  ['without a key', `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${EXPECT}${LENGTH}\r\n`, 401],
  [
    'with a wrong key',
    `POST /v1/embeddings HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n${EXPECT}${LENGTH}\r\n`,
    401,
  ],
  ['on an unknown path', `POST /v1/nope HTTP/1.1\r\nhost: x\r\n${AUTH}${EXPECT}${LENGTH}\r\n`, 404],
  ['with a wrong method', `PUT /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${AUTH}${EXPECT}${LENGTH}\r\n`, 405],
  ['with too long a body', `${HEAD}${EXPECT}content-length: 99999999\r\n\r\n`, 413],
  ['with an unknown coding', `${HEAD}${EXPECT}content-encoding: x\r\n${LENGTH}\r\n`, 415],
  ['without Host', `POST /v1/chat/completions HTTP/1.1\r\n${AUTH}${EXPECT}${LENGTH}\r\n`, 400],
  ['with another expectation', `${HEAD}expect: a-miracle\r\n${LENGTH}\r\n`, 417],
];

test('100 Continue is sent only after key, path and length were looked at', async (t) => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], { hxllm: { max_body_mib: 1 } });
  for (const [what, head, status] of REFUSED)
    await t.test(`a request ${what} is refused with ${String(status)} instead, and its connection closed`, async () => {
      await using raw = await rawConnection(gateway, head);
      assert.deepEqual(statusesIn(await raw.whole()), [status]);
    });
  for (const [what, framing, body] of [
    ['a length', LENGTH, BODY],
    ['chunks', 'transfer-encoding: chunked\r\n', `${CHUNK}0\r\n\r\n`],
  ] as const)
    await t.test(`a request with ${what} is asked for its body, and its connection kept`, async () => {
      await using raw = await rawConnection(gateway, `${HEAD}Expect: 100-Continue\r\n${framing}\r\n`);
      await raw.saw('HTTP/1.1 100 Continue\r\n\r\n');
      raw.send(body);
      await raw.saw('"content":"hello"');
      raw.send(`GET /v1/models HTTP/1.1\r\nhost: x\r\n${AUTH}${CLOSE}\r\n`);
      assert.deepEqual(statusesIn(await raw.whole()), [100, 200, 200]);
    });
});
