import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway, type Running } from '../running.ts';
import { rawConnection } from './raw-connection.ts';

const CHAT = '{"model":"m","messages":[{"role":"user","content":"hi"}]}';
const CHAT_LENGTH = `content-length: ${String(CHAT.length)}\r\n`;

/** The response to a request that a client would not write. */
async function responseTo(gateway: Running, line: string, headers: string, body = ''): Promise<string> {
  await using raw = await rawConnection(gateway, `${line} HTTP/1.1\r\n${headers}connection: close\r\n\r\n${body}`);
  return await raw.whole();
}

async function statusesFor(gateway: Running, host: string, auth = ''): Promise<readonly string[]> {
  const headers = `host: ${host}\r\n${auth}`;
  const responses = [
    await responseTo(gateway, 'GET /v1/models', headers),
    await responseTo(gateway, 'POST /v1/chat/completions', headers + CHAT_LENGTH, CHAT),
  ];
  return responses.map((text) => text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
}

const LOCAL = [
  'localhost:',
  'LOCALHOST',
  'LocalHost.:4000',
  '[::1]:',
  '[::FFFF:127.0.0.1]',
  '[::ffff:127.0.0.1]:4000',
  '[0:0:0:0:0:0:0:1]',
  '127.1',
  '127.1:4000',
  '127.0.0.1.',
  '0x7f.1',
  '2130706433',
];
const FOREIGN = ['[::ffff:8.8.8.8]', '8.8', '127.0.0.1.example', '0x8.8', '127.0.0.256', 'localhost..'];
const NO_HOST = [
  '[fe80::1%eth0]',
  '[::1%25lo]',
  '[::1',
  '[v1.a]',
  'a b',
  'me@localhost',
  'localhost/x',
  '%6c',
  'localhost:99999',
];

test('every form of a local host may use a gateway without a key, and what is no host is refused with 400', async () => {
  await using fake = await startFake();
  await using keyless = await startGateway([fake], { general_settings: {} });
  await using keyed = await startGateway([fake]);
  const auth = `authorization: Bearer ${KEY}\r\n`;
  for (const [hosts, status, statusWithKey] of [
    [LOCAL, '200', '200'],
    [FOREIGN, '403', '200'],
    [NO_HOST, '400', '400'],
  ] as const)
    for (const host of hosts) {
      assert.deepEqual(await statusesFor(keyless, host), [status, status], host);
      assert.deepEqual(await statusesFor(keyed, host, auth), [statusWithKey, statusWithKey], `${host} with a key`);
    }
});

test('the host of a target in absolute form counts, and the header does not', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], { general_settings: {} });
  for (const [target, host, status] of [
    ['http://localhost/v1/models', 'evil.example', 200],
    ['HTTP://LOCALHOST:4000/v1/models', 'evil.example', 200],
    ['http://[::ffff:127.0.0.1]:4000/v1/models', 'evil.example', 200],
    ['http://evil.example/v1/models', 'localhost', 403],
    ['http://localhost@evil.example/v1/models', 'localhost', 403],
    ['http://[::1%25lo]/v1/models', 'localhost', 400],
  ] as const)
    assert.match(
      await responseTo(gateway, `GET ${target}`, `host: ${host}\r\n`),
      new RegExp(`^HTTP/1.1 ${String(status)} `),
      target,
    );
});

test('OPTIONS * is answered with nothing, also without a key', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], { hxllm: { origins: ['https://chat.example'] } });
  const text = await responseTo(gateway, 'OPTIONS *', 'host: x\r\norigin: https://chat.example\r\n');
  assert.match(text, /^HTTP\/1\.1 204 /);
  assert.match(text, /^allow: GET, HEAD, POST, OPTIONS\r$/m);
  assert.match(text, /^access-control-allow-origin: https:\/\/chat\.example\r$/m);
  assert.match(text, /^x-request-id: req_/m);
  assert.doesNotMatch(text, /^content-length/im);
  assert.ok(text.endsWith('\r\n\r\n'));
  const withBody = await responseTo(gateway, 'OPTIONS *', 'host: x\r\ncontent-length: 5\r\n', 'hello');
  assert.match(withBody, /^HTTP\/1\.1 204 /);
  assert.match(await responseTo(gateway, 'GET *', 'host: x\r\n'), /^HTTP\/1\.1 400 /);
});
