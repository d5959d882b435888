import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';

const BODY = JSON.stringify({ model: 'all/m', messages: [{ role: 'user', content: 'hi' }] });
const HEAD = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${String(BODY.length)}\r\n\r\n`;

async function ask(gateway: Running): Promise<Socket> {
  const socket = connect({ port: gateway.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  return socket.on('error', () => undefined);
}

test('a client that leaves while its model is looked for has no server asked', { timeout: 15_000 }, async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
  await using server = await startFake(async ({ path }, outgoing) => {
    if (path === '/api/show') outgoing.end('{}');
    // A chat has no end.
    if (path !== '/api/tags') return;
    await released;
    outgoing.end('{"models":[{"name":"m:latest","model":"m:latest"}]}');
  });
  const chats = (): number => server.requests.filter(({ path }) => path === '/api/chat').length;
  const model_list = [{ model_name: 'all/*', litellm_params: { model: 'ollama_chat/*', api_base: server.url } }];
  await using gateway = await startGateway([], { model_list });
  await until('the server is asked for its models', () => server.requests.some(({ path }) => path === '/api/tags'));
  const [leaves, stays] = [await ask(gateway), await ask(gateway)];
  leaves.write(HEAD + BODY);
  // The bytes of both connections are read in the order of their arrival.
  stays.write(`GET /health/liveliness HTTP/1.1\r\nhost: x\r\n\r\n`);
  await once(stays, 'data');
  leaves.destroy();
  await until('the client has left', () => gateway.ended().length === 1);
  stays.write(HEAD + BODY);
  release(undefined);
  await until('the other client’s chat is asked', () => chats() > 0);
  assert.equal(chats(), 1);
  assert.equal(gateway.service().scheduler.inFlight, 1);
  stays.destroy();
  await until('no request is under way', () => gateway.service().scheduler.inFlight === 0);
});
