import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { answersShortly, stalls, startFake, streams } from '../fake-upstream.ts';
import { errorOf, KEY, startGateway, until, type Running } from '../running.ts';

/** Asks on a connection that the client keeps open. */
async function askOn(agent: Agent, gateway: Running, path: string, body?: object): Promise<IncomingMessage> {
  const asked = request({
    port: gateway.port,
    host: '127.0.0.1',
    path,
    agent,
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${KEY}` },
  });
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: string[] = [];
  response.setEncoding('utf8').on('data', (text: string) => pieces.push(text));
  await once(response, 'end');
  return pieces.join('');
}

const CHAT = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

test('a gateway that is told to stop finishes what runs, answers kept connections with connection: close, and takes no new ones', async () => {
  await using fake = await startFake(streams(['a', 'b', 'c'], 100));
  await using gateway = await startGateway([fake]);
  const [one, two] = [new Agent({ keepAlive: true, maxSockets: 1 }), new Agent({ keepAlive: true, maxSockets: 1 })];
  assert.equal((await textOf(await askOn(two, gateway, '/v1/models'))).length > 0, true);
  const stream = textOf(await askOn(one, gateway, '/v1/chat/completions', { ...CHAT, stream: true }));
  const stopped = gateway.stop(60_000, new AbortController().signal);
  const late = await askOn(two, gateway, '/v1/models');
  assert.deepEqual(
    [late.statusCode, late.headers.connection],
    [200, 'close'],
    'a client that was about to ask is answered',
  );
  await textOf(late);
  const refused = connect(gateway.port, '127.0.0.1');
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
  assert.match(await stream, /"content":"c"[\s\S]*\[DONE\]/);
  assert.deepEqual(await stopped, { cut: 0 });
  one.destroy();
  two.destroy();
});

test('an answer that had not begun at the stop closes its connection after it', async () => {
  const { promise: stopping, resolve: letGo } = Promise.withResolvers<void>();
  await using fake = await startFake(async (got, outgoing) => {
    await stopping;
    await answersShortly('a')(got, outgoing);
  });
  await using gateway = await startGateway([fake]);
  const agent = new Agent({ keepAlive: true });
  const asked = askOn(agent, gateway, '/v1/chat/completions', CHAT);
  await until('the server is asked', () => fake.requests.length === 1);
  const stopped = gateway.stop(60_000, new AbortController().signal);
  letGo();
  const response = await asked;
  assert.equal(response.headers.connection, 'close');
  await textOf(response);
  assert.deepEqual(await stopped, { cut: 0 });
  agent.destroy();
});

test('a connection on which nothing is asked does not hold up the stop', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const idle = connect(gateway.port, '127.0.0.1');
  await once(idle, 'connect');
  idle.resume();
  const sinceMs = performance.now();
  assert.deepEqual(await gateway.stop(60_000, new AbortController().signal), { cut: 0 });
  assert.ok(performance.now() - sinceMs > 1000, 'it is given time to ask');
  idle.destroy();
});

test('a response that runs past the limit gets a reason, ends, and is cancelled at the server', async () => {
  await using fake = await startFake(stalls('a'));
  await using gateway = await startGateway([fake]);
  const response = await gateway.chat({ stream: true });
  const text = response.text();
  await until('the server is asked', () => fake.requests.length === 1);
  fake.behave(stalls());
  const second = gateway.chat();
  await until('the server is asked again', () => fake.requests.length === 2);
  assert.deepEqual(await gateway.stop(50, new AbortController().signal), { cut: 2 });
  const frames = (await text).trim().split('\n\n');
  assert.match(
    frames.at(-1) ?? '',
    /^data: {"error":{"message":"The server is being stopped[^"]*","type":"server_error","param":null,"code":"stopping"}}$/,
  );
  const refused = await second;
  assert.equal(refused.status, 503);
  assert.equal((await errorOf(refused)).code, 'stopping');
  await Promise.all(fake.requests.map(({ left }) => left));
  assert.equal(gateway.service().scheduler.inFlight, 0);
});

test('a client that does not read does not hold up the end of a stop', async () => {
  await using fake = await startFake(
    streams(
      Array.from({ length: 20 }, () => 'x'.repeat(40_000)),
      5,
    ),
  );
  await using gateway = await startGateway([fake]);
  const socket = connect(gateway.port, '127.0.0.1');
  await once(socket, 'connect');
  const body = JSON.stringify({ ...CHAT, stream: true });
  socket.pause();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`,
  );
  await until('the server is asked', () => fake.requests.length === 1);
  const sinceMs = performance.now();
  await gateway.stop(50, new AbortController().signal);
  assert.ok(performance.now() - sinceMs < 15_000);
  socket.destroy();
});

test('a stop during a load says nothing against the server', async () => {
  await using fake = await startFake();
  fake.holdLoads();
  await using gateway = await startGateway([fake]);
  const waiting = gateway.chat();
  await until('the load has begun', () => fake.loads() === 1);
  assert.deepEqual(await gateway.stop(50, new AbortController().signal), { cut: 1 });
  assert.equal((await errorOf(await waiting)).code, 'stopping');
  await new Promise((resolve) => setTimeout(resolve, 100));
  const events = gateway.log.map(({ event }) => event);
  assert.deepEqual(
    events.filter((event) => event === 'load-failed' || event === 'backend-down'),
    [],
  );
});
