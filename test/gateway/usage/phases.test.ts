import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { DONE, piece, stalls, startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until } from '../running.ts';
import { newFolder, rowsIn } from './stage.ts';

const BODY = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] });
const HEAD = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${String(BODY.length)}\r\n\r\n`;

test('a client may leave in any phase: a request that a server got has one row, and no other has one', async () => {
  const state = newFolder();
  await using fake = await startFake(stalls());
  await using gateway = await startGateway([fake], {
    hxllm: { state_dir: state, usage: { record: 'always' }, backends: { [fake.url]: { num_parallel: 1 } } },
  });
  const open = async (text: string): Promise<Socket> => {
    const socket = connect(gateway.port);
    // A gateway that resets the connection is no matter here.
    socket.on('error', () => socket.destroy());
    socket.write(text);
    await once(socket, 'connect');
    return socket;
  };
  let ended = 0;
  const left = async (what: string, rows: readonly string[]): Promise<void> => {
    ended += 1;
    await until(`${what}: it has ended`, () => gateway.ended().length === ended);
    await until('its slot is free', () => gateway.service().scheduler.inFlight === 0);
    await gateway.service().usage?.flush();
    assert.equal(fake.requests.length, rows.length, what);
    if (rows.length === 0) return;
    assert.deepEqual(
      rowsIn(state).map((row) => `${row.ended} ${String(row.completion_tokens)}`),
      rows,
      what,
    );
  };
  const asked = (count: number): Promise<void> => until('the server is asked', () => fake.requests.length === count);

  for (const text of [HEAD, HEAD + BODY.slice(0, 10)]) {
    const sending = await open(text);
    await until('the request has begun', () => gateway.connections() > 0);
    await new Promise((resolve) => setTimeout(resolve, 30));
    sending.destroy();
    await left('while it sends', []);
  }

  const first = await open(HEAD + BODY);
  await asked(1);
  const queued = await open(HEAD + BODY);
  await until('it waits', () => gateway.service().scheduler.waiting === 1);
  queued.destroy();
  ended += 1;
  await until('it has left', () => gateway.ended().length === ended);
  first.destroy();
  await left('in the queue, and before the first byte', ['client-left 0']);

  fake.behave(stalls('a ', 'b '));
  const middle = await open(HEAD + BODY);
  let text = '';
  middle.on('data', (bytes) => {
    text += String(bytes);
  });
  await until('two pieces have come', () => text.includes('"b "'));
  middle.destroy();
  await left('in the middle', ['client-left 0', 'client-left 2']);

  fake.behave((_got, outgoing) => {
    outgoing.end(piece('a ') + DONE);
  });
  const whole = await open(HEAD + BODY);
  text = '';
  whole.on('data', (bytes) => {
    text += String(bytes);
    if (text.includes('[DONE]')) whole.destroy();
  });
  await left('at the last byte', ['client-left 0', 'client-left 2', 'answered 2']);
});
