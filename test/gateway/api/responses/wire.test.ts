import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, fails, piece, stalls, startFake, type Behaviour } from '../../fake-upstream.ts';
import { errorOf, startGateway, until, type Running } from '../../running.ts';
import { namesOf, parseStream, responseIn } from './events.ts';

const BEGINNING = [
  'response.created',
  'response.in_progress',
  'response.output_item.added',
  'response.content_part.added',
  'response.output_text.delta',
];
const ENDING = ['response.output_text.done', 'response.content_part.done', 'response.output_item.done'];

function respond(gateway: Running, more: object = {}, path = '/v1/responses'): Promise<Response> {
  return gateway.ask(path, { method: 'POST', body: JSON.stringify({ model: 'm', input: 'hi', ...more }) });
}

const line = (message: object): string =>
  `${JSON.stringify({ model: 'm', message: { role: 'assistant', content: '', ...message }, done: false })}\n`;
const says =
  (...lines: readonly string[]): Behaviour =>
  (_got, outgoing) => {
    outgoing.end(lines.join(''));
  };

test('a response comes in one piece or by its events, with or without /v1', async () => {
  await using fake = await startFake(says(piece('hel'), piece('lo'), DONE));
  await using gateway = await startGateway([fake]);
  const whole = await respond(gateway);
  assert.deepEqual(
    [whole.status, whole.headers.get('content-type'), whole.headers.get('x-hxllm-backend')],
    [200, 'application/json', fake.url],
  );
  assert.partialDeepStrictEqual(await whole.json(), {
    object: 'response',
    status: 'completed',
    model: 'm',
    store: false,
    output: [{ type: 'message', content: [{ type: 'output_text', text: 'hello' }] }],
    usage: { input_tokens: 5, output_tokens: 2, total_tokens: 7 },
  });
  const streamed = await respond(gateway, { stream: true }, '/responses');
  assert.equal(streamed.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const events = parseStream(await streamed.text());
  assert.deepEqual(namesOf(events), [...BEGINNING, ...ENDING, 'response.completed']);
  await until('both are logged', () => gateway.ended().length === 2);
  assert.partialDeepStrictEqual(gateway.ended()[1], {
    path: '/responses',
    status: 200,
    alias: 'm',
    stream: true,
    prompt_tokens: 5,
    completion_tokens: 2,
    ended: 'answered',
  });
});

test('a parameter without effect is named, and refused under strict', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const more = { store: true, truncation: 'auto', tools: [{ type: 'web_search' }] };
  assert.equal(
    (await respond(gateway, more)).headers.get('x-hxllm-ignored-params'),
    'tools.web_search, truncation, store',
  );
  await using strict = await startGateway([fake], { hxllm: { strict: true } });
  const refused = await respond(strict, more);
  assert.equal(refused.status, 400);
  assert.partialDeepStrictEqual(await errorOf(refused), { code: 'unsupported_parameter', param: 'tools.web_search' });
});

test('an answer that reaches its limit, or repeats itself until it is cut off, is incomplete', async () => {
  await using fake = await startFake(says(piece('a'), piece('b'), DONE.replace('"stop"', '"length"')));
  await using gateway = await startGateway([fake]);
  assert.partialDeepStrictEqual(await (await respond(gateway, { max_output_tokens: 2 })).json(), {
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    max_output_tokens: 2,
  });
  fake.behave(says(piece('no '), piece('no ')));
  assert.equal(
    parseStream(await (await respond(gateway, { stream: true })).text()).at(-1)?.type,
    'response.incomplete',
  );
});

test('a prompt that is too long is refused, not cut, by the names of this dialect', async () => {
  await using fake = await startFake(fails(400, 'the input length exceeds the context length'));
  await using gateway = await startGateway([fake]);
  for (const stream of [false, true]) {
    const refused = await respond(gateway, { stream });
    assert.equal(refused.status, 400);
    assert.partialDeepStrictEqual(await errorOf(refused), {
      code: 'context_length_exceeded',
      param: 'input',
      type: 'invalid_request_error',
    });
  }
  assert.equal((JSON.parse(fake.requests[0]?.body ?? '') as { truncate: unknown }).truncate, false);
});

test('a server that dies in the middle is an error and a failed response, after which nothing follows', async () => {
  await using fake = await startFake(
    says(piece('hel'), '{"error":"an error was encountered while running the model: unexpected EOF"}\n'),
  );
  await using gateway = await startGateway([fake]);
  const events = parseStream(await (await respond(gateway, { stream: true })).text());
  assert.deepEqual(namesOf(events), [...BEGINNING, 'error', 'response.failed']);
  assert.partialDeepStrictEqual(responseIn(events.at(-1)), {
    status: 'failed',
    error: { code: 'server_error' },
    output: [{ status: 'incomplete', content: [{ text: 'hel' }] }],
  });
  assert.equal((await respond(gateway)).status, 502);
});

test(
  'silence is filled with comments, and a failure after that comes behind a beginning',
  { timeout: 10_000 },
  async (t) => {
    await using fake = await startFake(stalls());
    await using gateway = await startGateway([fake]);
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const answering = respond(gateway, { stream: true });
    while (fake.requests.length === 0) await turn();
    t.mock.timers.tick(15_000);
    const reply = await answering;
    t.mock.timers.tick(600_000);
    const text = await reply.text();
    t.mock.timers.reset();
    assert.match(text, /^: keep-alive\n\n/);
    const events = parseStream(text);
    assert.deepEqual(namesOf(events), ['response.created', 'response.in_progress', 'error', 'response.failed']);
    assert.equal(events[2]?.['code'], 'timeout');
  },
);

test('a server that fails before its first word is replaced, and the stream has one beginning', async () => {
  await using bad = await startFake(fails(500, 'llama runner process has terminated'));
  await using good = await startFake(says(piece('hello'), DONE));
  await using gateway = await startGateway([bad, good]);
  for (let turn = 0; turn < 4; turn += 1) {
    const reply = await respond(gateway, { stream: true });
    assert.deepEqual(
      [reply.headers.get('x-hxllm-backend'), namesOf(parseStream(await reply.text()))],
      [good.url, [...BEGINNING, ...ENDING, 'response.completed']],
    );
  }
});

test('a call that has to be made is held to its form, and comes back as one', async () => {
  await using fake = await startFake(says(piece('{"name":"f","arguments":{"a":1}}'), DONE));
  await using gateway = await startGateway([fake]);
  const reply = await respond(gateway, {
    tools: [
      { type: 'function', name: 'f' },
      { type: 'function', name: 'g' },
    ],
    tool_choice: { type: 'function', name: 'f' },
  });
  const { output } = (await reply.json()) as { output: readonly object[] };
  assert.partialDeepStrictEqual(output, [{ type: 'function_call', name: 'f', arguments: '{"a":1}' }]);
  assert.partialDeepStrictEqual(JSON.parse(fake.requests[0]?.body ?? ''), {
    format: { properties: { name: { const: 'f' } } },
    tools: [{ function: { name: 'f' } }],
  });
});

test('thoughts and calls are told in the order in which they come', async () => {
  await using fake = await startFake(
    says(
      line({ thinking: 'hm' }),
      piece('I look.'),
      line({ tool_calls: [{ id: 'call_7', function: { name: 'f', arguments: {} } }] }),
      DONE,
    ),
  );
  await using gateway = await startGateway([fake]);
  const last = responseIn(
    parseStream(await (await respond(gateway, { stream: true, tools: [{ type: 'function', name: 'f' }] })).text()).at(
      -1,
    ),
  );
  assert.deepEqual(
    last.output.map(({ type }) => type),
    ['reasoning', 'message', 'function_call'],
  );
  assert.equal(last.output[2]?.['call_id'], 'call_7');
});

test('an upstream answer of any pieces comes to the same events', async () => {
  await using fake = await startFake(async (_got, outgoing) => {
    for (const byte of Buffer.from(`${line({ thinking: 'é' })}${piece('ü🌍')}${DONE}`)) {
      outgoing.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    outgoing.end();
  });
  await using gateway = await startGateway([fake]);
  const last = responseIn(parseStream(await (await respond(gateway, { stream: true })).text()).at(-1));
  assert.partialDeepStrictEqual(last.output, [{ content: [{ text: 'é' }] }, { content: [{ text: 'ü🌍' }] }]);
});

test('a stored response is a 404 for OpenAI’s methods, and 405 for others; it needs the key', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  for (const [method, path] of [
    ['GET', '/v1/responses/resp_1'],
    ['DELETE', '/v1/responses/resp_1'],
    ['GET', '/responses/resp_1/input_items'],
    ['POST', '/v1/responses/resp_1/cancel'],
  ] as const) {
    const reply = await gateway.ask(path, { method });
    assert.equal(reply.status, 404, path);
    assert.deepEqual(await errorOf(reply), {
      message: "Response with id 'resp_1' not found. This server stores no responses: each has 'store': false.",
      type: 'invalid_request_error',
      param: null,
      code: null,
    });
  }
  assert.equal((await fetch(`${gateway.url}/v1/responses/resp_1`)).status, 401);
  const wrong = await gateway.ask('/v1/responses');
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST, OPTIONS']);
  assert.equal((await gateway.ask('/v1/responses/compact', { method: 'POST', body: '{}' })).status, 404);
  const put = await gateway.ask('/v1/responses/resp_1', { method: 'PUT' });
  assert.deepEqual([put.status, put.headers.get('allow')], [405, 'GET, HEAD, DELETE, OPTIONS']);
});
