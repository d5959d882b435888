import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { answersShortly, DONE, piece, stalls, startFake, streams, type Behaviour } from '../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';

const MIB = 1024 * 1024;

/** Sends a request on a connection of its own, which reads nothing until it is resumed. */
async function send(gateway: Running, path: string, body?: object, times = 1): Promise<Socket> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const socket = connect({ port: gateway.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.pause();
  const head = `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${String(Buffer.byteLength(text))}\r\n\r\n`;
  socket.write((head + text).repeat(times));
  return socket;
}

const generated = (fields: object): string => `${JSON.stringify({ model: 'm', ...fields })}\n`;
const END = { done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 2 };
const LONG = 'lorem ipsum '.repeat((3 * MIB) / 12);
const says = answersShortly;
const calls: Behaviour = (_got, outgoing) => {
  const call = { function: { name: 'f', arguments: { x: LONG } } };
  outgoing.write(generated({ message: { role: 'assistant', content: '', tool_calls: [call] }, done: false }));
  outgoing.end(DONE);
};
const withLogprobs: Behaviour = (_got, outgoing) => {
  const alternatives = Array.from({ length: 20 }, (_, at) => ({ token: `t${String(at)}`, logprob: -at, bytes: [116] }));
  const logprobs = [{ token: 'word ', logprob: -1, bytes: [119], top_logprobs: alternatives }];
  const line = generated({ message: { role: 'assistant', content: 'word ' }, logprobs, done: false });
  outgoing.end(line.repeat(1000) + DONE);
};
const continues: Behaviour = (_got, outgoing) => {
  const context = Array.from({ length: 400_000 }, (_, at) => at % 1000);
  outgoing.end(generated({ response: 'a', done: false }) + generated({ response: '', ...END, context }));
};
const generates: Behaviour = (_got, outgoing) => {
  outgoing.end(generated({ response: 'a', done: false }) + generated({ response: '', ...END }));
};

const USER = [{ role: 'user', content: 'hi' }];
const FUNCTION = { name: 'f', description: LONG, parameters: { type: 'object', properties: {} } };
const LOGPROBS = { top_logprobs: 20, include: ['message.output_text.logprobs'] };
const ROWS: readonly (readonly [what: string, path: string, body: object, behaviour: Behaviour, end: RegExp])[] = [
  ['a long text in chat', '/v1/chat/completions', { messages: USER }, says(LONG), /\[DONE\]/],
  ['a long text in messages', '/v1/messages', { max_tokens: 9, messages: USER }, says(LONG), /message_stop/],
  ['a long text in responses', '/v1/responses', { input: 'hi' }, says(LONG), /event: response\.completed/],
  ['a long text in /api/chat', '/api/chat', { messages: USER }, says(LONG), /"done":true/],
  ['log probabilities', '/v1/responses', { input: 'hi', ...LOGPROBS }, withLogprobs, /event: response\.completed/],
  ['long instructions', '/v1/responses', { input: 'hi', instructions: LONG }, says('a'), /event: response\.completed/],
  [
    'a long tool',
    '/v1/responses',
    { input: 'hi', tools: [{ type: 'function', ...FUNCTION }] },
    says('a'),
    /event: response\.completed/,
  ],
  [
    'a long call in chat',
    '/v1/chat/completions',
    { messages: USER, tools: [{ type: 'function', function: { ...FUNCTION, description: '' } }] },
    calls,
    /\[DONE\]/,
  ],
  [
    'a long call in messages',
    '/v1/messages',
    { max_tokens: 9, messages: USER, tools: [{ name: 'f', input_schema: { type: 'object' } }] },
    calls,
    /message_stop/,
  ],
  [
    'a long call in /api/chat',
    '/api/chat',
    { messages: USER, tools: [{ type: 'function', function: { ...FUNCTION, description: '' } }] },
    calls,
    /"done":true/,
  ],
  ['an echo', '/v1/completions', { prompt: LONG, echo: true }, generates, /\[DONE\]/],
  ['a long context', '/api/generate', { prompt: 'hi' }, continues, /"context":\[/],
];

test('a client that reads at full speed gets all of a stream, however long one of its texts is', async (t) => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  for (const [what, path, body, behaviour, end] of ROWS)
    await t.test(what, async () => {
      fake.behave(behaviour);
      const before = gateway.ended().length;
      const response = await gateway.ask(path, {
        method: 'POST',
        body: JSON.stringify({ model: 'm', stream: true, ...body }),
      });
      const text = await response.text();
      assert.match(text.slice(-4 * MIB), end, text.slice(0, 200));
      assert.ok(text.length > MIB, String(text.length));
      await until('the line is written', () => gateway.ended().length === before + 1);
      assert.partialDeepStrictEqual(gateway.ended().at(-1), { ended: 'answered', status: 200 });
    });
});

test('a long text of many bytes to a character arrives as it was', async () => {
  const text = '🙂é日'.repeat(100_000);
  await using fake = await startFake(streams([text, 'after'], 0));
  await using gateway = await startGateway([fake]);
  const lines = (await (await gateway.chat({ stream: true })).text()).split('\n').filter((line) => line.includes('{'));
  const said = lines.map((line) => JSON.parse(line.slice('data: '.length)).choices[0]?.delta.content ?? '').join('');
  assert.equal(said, `${text}after`);
});

const HUGE = 'x'.repeat(24 * MIB);
const WHOLE: readonly (readonly [what: string, path: string, body: object | undefined, behaviour: Behaviour])[] = [
  ['an answer in one piece', '/v1/chat/completions', { model: 'm', messages: USER }, says(HUGE)],
  ['a stream that is complete', '/v1/chat/completions', { model: 'm', messages: USER, stream: true }, says(HUGE)],
  [
    'embeddings',
    '/v1/embeddings',
    { model: 'm', input: Array.from({ length: 900 }, () => 'a') },
    (_got, outgoing) => {
      const vector = Array.from({ length: 1024 }, () => 0.123_456_789_012_345_6);
      outgoing.end(JSON.stringify({ model: 'm', embeddings: Array.from({ length: 900 }, () => vector) }));
    },
  ],
];

describe('clients that read slowly, or nothing', { concurrency: true }, () => {
  for (const [what, path, body, behaviour] of WHOLE)
    test(`a client that reads nothing of ${what} is let go`, { timeout: 30_000 }, async () => {
      await using fake = await startFake(behaviour);
      await using gateway = await startGateway([fake], {}, { sendMs: 300 });
      const socket = await send(gateway, path, body);
      await until('the line is written', () => gateway.ended().length === 1, 20_000);
      assert.partialDeepStrictEqual(gateway.ended()[0], { ended: 'client-too-slow', status: 200 });
      await until('its connection is gone', () => gateway.connections() === 0);
      socket.destroy();
    });

  test('a client that reads nothing of many lists is let go', { timeout: 30_000 }, async () => {
    await using fake = await startFake();
    const aliases = Array.from({ length: 400 }, (_, at) => [`alias ${String(at)} ${'x'.repeat(200)}`, 'm']);
    const settings = { router_settings: { model_group_alias: Object.fromEntries(aliases) as object } };
    await using gateway = await startGateway([fake], settings, { sendMs: 300 });
    const socket = await send(gateway, '/v1/models', undefined, 300);
    await until('its connection is gone', () => gateway.connections() === 0, 20_000);
    assert.ok(gateway.ended().some(({ ended }) => ended === 'client-too-slow'));
    socket.destroy();
  });

  for (const stream of [true, false])
    test(
      `a slow client that reads on gets all of it, ${stream ? 'streamed' : 'in one piece'}`,
      { timeout: 60_000 },
      async () => {
        let more = true;
        await using fake = await startFake((_got, outgoing) => {
          outgoing.write(piece(HUGE));
          const going = setInterval(() => {
            if (more) outgoing.write(piece('more'));
            else outgoing.end(DONE);
            if (!more) clearInterval(going);
          }, 20);
          setTimeout(() => (more = false), 1500).unref();
        });
        await using gateway = await startGateway([fake], {}, { sendMs: 500 });
        const socket = await send(gateway, '/v1/chat/completions', { model: 'm', messages: USER, stream });
        let size = 0;
        socket.on('data', (bytes) => {
          size += bytes.length;
          socket.pause();
          setTimeout(() => socket.resume(), 4);
        });
        socket.resume();
        await until('the line is written', () => gateway.ended().length === 1, 50_000);
        assert.partialDeepStrictEqual(gateway.ended()[0], { ended: 'answered', status: 200 });
        assert.equal(more, false, 'the server went on while the client was behind');
        assert.ok(size > HUGE.length / 2, String(size));
        socket.destroy();
      },
    );

  test('a client that waits longer than that for its server is not let go', { timeout: 20_000 }, async () => {
    await using fake = await startFake((_got, outgoing) => {
      setTimeout(() => outgoing.end(piece('at last') + DONE), 1500);
    });
    await using gateway = await startGateway([fake], {}, { sendMs: 200 });
    assert.match(await (await gateway.chat()).text(), /at last/);
    assert.match(await (await gateway.chat({ stream: true })).text(), /at last/);
  });

  test('a connection that is kept open has the time of a kept connection', { timeout: 20_000 }, async () => {
    await using fake = await startFake();
    await using gateway = await startGateway([fake], {}, { sendMs: 100 });
    const socket = await send(gateway, '/v1/models');
    socket.resume();
    await until('it is answered', () => gateway.ended().length === 1);
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(gateway.connections(), 1);
    socket.destroy();
  });

  test('a server that floods a client which reads too little costs a bounded memory', { timeout: 60_000 }, async () => {
    await using fake = await startFake((_got, outgoing) => {
      const text = piece('x'.repeat(MIB));
      const more = (): void => {
        while (!outgoing.destroyed && outgoing.write(text));
        if (!outgoing.destroyed) outgoing.once('drain', more);
      };
      more();
    });
    await using gateway = await startGateway([fake]);
    const socket = await send(gateway, '/v1/chat/completions', { model: 'm', messages: USER, stream: true });
    socket.on('data', () => {
      socket.pause();
      setTimeout(() => socket.resume(), 20);
    });
    socket.resume();
    await until('the line is written', () => gateway.ended().length === 1, 50_000);
    assert.partialDeepStrictEqual(gateway.ended()[0], { ended: 'client-too-slow', status: 200 });
    await fake.requests[0]?.left;
    socket.destroy();
  });

  test('an idle server does not make a client too slow', { timeout: 20_000 }, async () => {
    await using fake = await startFake(stalls('a'));
    await using gateway = await startGateway([fake], {}, { sendMs: 100 });
    const socket = await send(gateway, '/v1/chat/completions', { model: 'm', messages: USER, stream: true });
    socket.resume();
    await once(socket, 'data');
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(gateway.ended().length, 0);
    socket.destroy();
  });
});
