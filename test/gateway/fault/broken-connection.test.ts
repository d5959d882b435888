import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { answersShortly, NOWHERE, piece, startFake, streams, type FakeUpstream } from '../fake-upstream.ts';
import { errorOf, inOrder, startGateway, textOf, until, type Running } from '../running.ts';
import { chunk, startUnruly } from './unruly.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n';
const WHOLE = `${HEAD}${chunk(piece('words') + '{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}\n')}0\r\n\r\n`;

const downs = (gateway: Running): readonly unknown[] =>
  gateway.log.filter(({ event }) => event === 'backend-down').map(({ backend }) => backend);

/** A single slot, so that further requests wait. */
const oneSlot = (...urls: readonly string[]): object => ({
  hxllm: { backends: Object.fromEntries(urls.map((url) => [url, { num_parallel: 1 }])) },
});

test('waiters are served although the stream before them is reset', async () => {
  let asked = 0;
  let break_ = (): void => undefined;
  await using server = await startUnruly((socket) => {
    asked += 1;
    if (asked > 1) {
      socket.write(WHOLE);
      return;
    }
    socket.write(HEAD + chunk(piece('half')));
    break_ = () => void socket.resetAndDestroy();
  });
  await using gateway = await startGateway([server], oneSlot(server.url));
  const cut = await gateway.chat({ stream: true });
  const waiting = Array.from({ length: 3 }, () => gateway.chat());
  await until('three wait', () => gateway.service().scheduler.waiting === 3);
  break_();
  assert.match(await cut.text(), /backend_unreachable/);
  const answers = await Promise.all(waiting);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  assert.deepEqual(downs(gateway), []);
});

test('waiters get nothing to a server that took a connection down with it, until a probe decides; then they are told', async () => {
  await using server = await startFake(streams(['a', 'b', 'c', 'd'], 50));
  await using gateway = await startGateway([server], oneSlot(server.url));
  const cut = await gateway.chat({ stream: true });
  const waiting = Array.from({ length: 3 }, () => gateway.chat());
  await until('three wait', () => gateway.service().scheduler.waiting === 3);
  await server.kill();
  assert.match(await cut.text(), /backend_unreachable/);
  for (const answer of await Promise.all(waiting)) {
    assert.equal(answer.status, 503);
    assert.notEqual(answer.headers.get('retry-after'), null);
  }
  assert.deepEqual(downs(gateway), [server.url]);
  assert.equal(server.requests.length, 1);
});

test('a request that is reset at once is sent to one server, once for a new connection, and takes no server down', async () => {
  const reset = (socket: Socket): void => void socket.resetAndDestroy();
  await using open = new AsyncDisposableStack();
  const servers = [];
  for (let nth = 0; nth < 3; nth += 1) servers.push(open.use(await startUnruly(reset)));
  await using gateway = await startGateway([], inOrder(...servers));
  const response = await gateway.chat();
  assert.deepEqual([response.status, (await errorOf(response)).code], [502, 'backend_unreachable']);
  // The load before it left a connection that may be stale: the request was sent once more, over a new one.
  assert.ok((servers[0]?.asked() ?? 0) <= 2);
  assert.deepEqual(
    servers.slice(1).map((server) => server.asked()),
    [0, 0],
  );
  assert.deepEqual(downs(gateway), []);
});

test('a connection that its server closed while it was idle costs one more sending, on that server and over a new connection', async () => {
  const used = new WeakSet<Socket>();
  await using server = await startUnruly((socket) => {
    if (used.has(socket)) {
      socket.destroy();
      return;
    }
    used.add(socket);
    socket.write(WHOLE);
  });
  await using other = await startFake(answersShortly('other'));
  await using gateway = await startGateway([], inOrder(server, other));
  // Fills the pool with connections that break on their second chat.
  await Promise.all(Array.from({ length: 3 }, () => gateway.chat()));
  for (let turn = 0; turn < 6; turn += 1) assert.equal(await textOf(await gateway.chat()), 'words');
  assert.equal(other.requests.length, 0);
  assert.deepEqual(downs(gateway), []);
  assert.ok(
    gateway.ended().every(({ attempts }) => attempts === 1),
    'it is no failover',
  );
});

test('a refused connect opens the circuit at once, and the request moves', async () => {
  await using good = await startFake(answersShortly('good'));
  await using doomed = await startFake(answersShortly('old'));
  await using gateway = await startGateway([], inOrder(doomed, good));
  assert.equal(await textOf(await gateway.chat()), 'old');
  await doomed.kill();
  assert.equal(await textOf(await gateway.chat()), 'good');
  assert.deepEqual(downs(gateway), [doomed.url]);
});

test('a server whose name is not known is left for another, and counts as down after its probe', async () => {
  await using good = await startFake(answersShortly('good'));
  await using gateway = await startGateway([], {
    ...inOrder({ url: 'http://does-not-exist.invalid:11434' }, good),
    router_settings: { num_retries: 1 },
  });
  assert.equal(await textOf(await gateway.chat()), 'good');
  await until('it is down', () => downs(gateway).length === 1);
});

test('waiters wait for a load whose connection broke, and for the next', async () => {
  let loads = 0;
  await using server = await startUnruly(
    (socket) => void socket.write(WHOLE),
    (socket) => {
      loads += 1;
      if (loads > 1) return false;
      socket.resetAndDestroy();
      return true;
    },
  );
  await using gateway = await startGateway([server]);
  const answers = await Promise.all([gateway.chat(), gateway.chat(), gateway.chat()]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  assert.ok(loads >= 1);
  assert.deepEqual(downs(gateway), []);
});

test('a broken request goes to a fallback on another server, and not to its own server again', async () => {
  await using bad = await startUnruly((socket) => void socket.resetAndDestroy());
  await using good: FakeUpstream = await startFake(answersShortly('fallback'));
  const entry = (model_name: string, api_base: string): object => ({
    model_name,
    litellm_params: { model: 'ollama_chat/m', api_base },
  });
  await using gateway = await startGateway([], {
    model_list: [entry('m', bad.url), entry('spare', bad.url), entry('spare', good.url)],
    router_settings: { fallbacks: [{ m: ['spare'] }] },
  });
  assert.equal(await textOf(await gateway.chat()), 'fallback');
  assert.ok(bad.asked() <= 2);
});

test('with no server to connect to, the answer is 503', async () => {
  await using gateway = await startGateway(NOWHERE.map((url) => ({ url })));
  assert.equal((await gateway.chat()).status, 503);
});
