import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { stalls, startFake, streams } from './fake-upstream.ts';
import { KEY, startGateway, until, type Running } from './running.ts';

/** Asks on a connection that a client keeps. */
async function askOn(agent: Agent, gateway: Running, path: string, body?: object): Promise<IncomingMessage> {
  const asked = request({ port: gateway.port, host: '127.0.0.1', path, agent, method: body === undefined ? 'GET' : 'POST', headers: { authorization: `Bearer ${KEY}` } });
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
  assert.deepEqual([late.statusCode, late.headers.connection], [200, 'close'], 'a client that was about to ask is answered');
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
  await using fake = await startFake(streams(['a'], 100));
  await using gateway = await startGateway([fake]);
  const agent = new Agent({ keepAlive: true });
  const asked = askOn(agent, gateway, '/v1/chat/completions', CHAT);
  await until('the server is asked', () => fake.requests.length === 1);
  const stopped = gateway.stop(60_000, new AbortController().signal);
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

test('what runs on after the limit is cut, and cancelled at the server', async () => {
  await using fake = await startFake(stalls('a'));
  await using gateway = await startGateway([fake]);
  const response = await gateway.chat({ stream: true });
  const text = response.text().then(() => 'whole', () => 'cut');
  assert.deepEqual(await gateway.stop(50, new AbortController().signal), { cut: 1 });
  assert.equal(await text, 'cut');
  await fake.requests[0]?.left;
  assert.equal(gateway.service().desk.inFlight, 0);
});
