import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startGateway, textOf, until, untilTurned, type Running } from '../running.ts';

// The real timer, before it is mocked.
const { setTimeout: setRealTimeout } = globalThis;

/** Lets time pass in steps, so that callbacks can run in between. */
async function pass(t: TestContext, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1000) {
    t.mock.timers.tick(1000);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setRealTimeout(resolve, 5));
  }
}

/** A server of OpenAI's API in a process of its own: it answers the word `whole` a moment after a chat has come. */
const SERVER = `
  require('node:http').createServer((incoming, outgoing) => {
    if (incoming.method === 'GET') return void outgoing.end('{"data":[]}');
    incoming.resume().on('end', () => {
      process.send('asked');
      setTimeout(() => outgoing.end(JSON.stringify({ id: 'a', object: 'chat.completion', model: 'm', choices: [
        { index: 0, message: { role: 'assistant', content: 'whole' }, finish_reason: 'stop' },
      ] })), 300);
    });
  }).listen(0, '127.0.0.1', function () { process.send(this.address().port); });
`;

const openai = (url: string, more: object = {}): object => ({
  model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', api_base: url, api_key: 'none' } }],
  ...more,
});

const isDown = (gateway: Running): boolean => gateway.log.some(({ event }) => event === 'backend-down');

test(
  'an openai/ server that is stopped in the middle of an answer is waited for while TCP accepts',
  { timeout: 60_000 },
  async (t) => {
    const child = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    t.after(() => child.kill('SIGKILL'));
    const [port] = (await once(child, 'message')) as [number];
    await using gateway = await startGateway([], openai(`http://127.0.0.1:${String(port)}`));
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const asked = once(child, 'message');
    const answer = gateway.chat();
    await asked;
    child.kill('SIGSTOP');
    await pass(t, 120_000);
    assert.equal(isDown(gateway), false);
    child.kill('SIGCONT');
    t.mock.timers.reset();
    assert.equal(await textOf(await answer), 'whole');
  },
);

test('its first_byte still holds', { timeout: 60_000 }, async (t) => {
  const child = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  t.after(() => child.kill('SIGKILL'));
  const [port] = (await once(child, 'message')) as [number];
  await using gateway = await startGateway(
    [],
    openai(`http://127.0.0.1:${String(port)}`, { hxllm: { timeouts: { first_byte: 40 } } }),
  );
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const asked = once(child, 'message');
  const answer = gateway.chat();
  await asked;
  child.kill('SIGSTOP');
  await pass(t, 45_000);
  t.mock.timers.reset();
  assert.equal((await answer).status, 504);
});

test(
  'a server that accepts one connection at a time gets one probe, not a backlog of them',
  { timeout: 60_000 },
  async (t) => {
    const sockets: Socket[] = [];
    let finish = (): void => undefined;
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      if (sockets.length > 1) {
        socket.resume();
        return;
      }
      socket.once('data', () => {
        const body =
          '{"id":"a","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"whole"},"finish_reason":"stop"}]}';
        finish = () => void socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    const { port } = server.address() as AddressInfo;
    await using gateway = await startGateway([], openai(`http://127.0.0.1:${String(port)}`));
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const answer = gateway.chat();
    await untilTurned('it is asked', () => sockets.length === 1);
    await pass(t, 120_000);
    assert.deepEqual([isDown(gateway), sockets.length], [false, 2]);
    finish();
    t.mock.timers.reset();
    assert.equal(await textOf(await answer), 'whole');
    await until('the probe ends with the request', () => sockets[1]?.destroyed === true);
  },
);

test('an openai/ server that takes no connection any more is given up', { timeout: 60_000 }, async (t) => {
  let held: Socket | undefined;
  const server = createServer((socket) => {
    held = socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await using gateway = await startGateway([], openai(`http://127.0.0.1:${String(port)}`));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answer = gateway.chat();
  await untilTurned('it is asked', () => held !== undefined);
  // The connection stays, and no other can be made.
  server.close();
  await pass(t, 60_000);
  t.mock.timers.reset();
  assert.equal((await answer).status, 503);
  assert.equal(isDown(gateway), true);
  held?.destroy();
});
