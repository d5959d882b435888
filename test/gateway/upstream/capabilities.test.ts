import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, startFake, type Behaviour, type FakeUpstream } from '../fake-upstream.ts';
import { errorOf, startGateway, textOf, until } from '../running.ts';

const TOOLS = Array.from({ length: 36 }, (_, index) => ({
  type: 'function',
  function: {
    name: `tool_${String(index)}`,
    description: 'x'.repeat(600),
    parameters: { type: 'object', properties: {} },
  },
}));
const IMAGE = [
  {
    role: 'user',
    content: [
      { type: 'text', text: 'what is it' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
    ],
  },
];

interface Sent {
  readonly messages?: readonly object[];
  readonly tools?: unknown;
  readonly think?: unknown;
}

/** A model that only talks: it refuses everything else in Ollama's words. */
const talks: Behaviour = (got, outgoing) => {
  const { messages = [], tools, think } = JSON.parse(got.body) as Sent;
  const refuse = (error: string): void =>
    void outgoing.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
  if (got.path === '/api/show') outgoing.end(JSON.stringify({ capabilities: ['completion'] }));
  else if (tools !== undefined) refuse('registry.ollama.ai/library/m:latest does not support tools');
  else if (typeof think === 'string') refuse('think value "low" is not supported for this model');
  else if (think === true) refuse('"m" does not support thinking');
  else outgoing.end((messages.length === 0 ? '' : piece('talk')) + DONE);
};

/** The bodies of chats that a server got. */
const chats = (fake: FakeUpstream): readonly Sent[] =>
  fake.requests
    .map(({ body }) => JSON.parse(body) as Sent)
    .filter(({ messages }) => messages !== undefined && messages.length > 0);

test('a model without tools is asked without them, once they were refused, and the reply says so', async () => {
  await using fake = await startFake(talks);
  await using gateway = await startGateway([fake]);
  for (const stream of [false, true, false]) {
    const response = await gateway.chat({ tools: TOOLS, stream });
    assert.deepEqual([response.status, response.headers.get('x-hxllm-ignored-params')], [200, 'tools']);
    assert.match(await response.text(), /talk/);
  }
  assert.deepEqual(
    chats(fake).map(({ tools }) => tools !== undefined),
    [true, false, false, false],
    'it is tried once',
  );
  await until('the lines are written', () => gateway.ended().length === 3);
  assert.deepEqual(
    gateway.ended().map(({ attempts }) => attempts),
    [1, 1, 1],
    'it is no failover',
  );
});

test('a model without tools that has to call one is refused, and so it is under strict', async () => {
  await using fake = await startFake(talks);
  await using gateway = await startGateway([fake]);
  for (const tool_choice of ['required', { type: 'function', function: { name: 'tool_1' } }]) {
    const response = await gateway.chat({ tools: TOOLS, tool_choice });
    assert.equal(response.status, 400);
    assert.partialDeepStrictEqual(await errorOf(response), { code: 'tools_not_supported', param: 'tool_choice' });
  }
  await using strict = await startGateway([fake], { hxllm: { strict: true } });
  const response = await strict.chat({ tools: TOOLS });
  assert.equal(response.status, 400);
  assert.partialDeepStrictEqual(await errorOf(response), { code: 'tools_not_supported', param: 'tools' });
  assert.equal(gateway.service().scheduler.inFlight + strict.service().scheduler.inFlight, 0);
});

test('a model that cannot reason answers without, and the reply names what was asked', async () => {
  await using fake = await startFake(talks);
  await using gateway = await startGateway([fake]);
  for (let turn = 0; turn < 2; turn += 1) {
    const response = await gateway.chat({ reasoning_effort: 'low', tools: TOOLS });
    assert.equal(
      (response.headers.get('x-hxllm-ignored-params') ?? '').split(', ').toSorted().join(),
      'reasoning_effort,tools',
    );
    assert.equal(await textOf(response), 'talk');
  }
  assert.equal(await textOf(await gateway.chat({ reasoning_effort: 'none' })), 'talk');
  assert.equal(chats(fake).filter(({ think, tools }) => think === undefined && tools === undefined).length, 3);
});

test('an image for a model that cannot see is refused before it is asked, and the server is asked once what it can', async () => {
  await using fake = await startFake(talks);
  await using gateway = await startGateway([fake]);
  for (let turn = 0; turn < 3; turn += 1) {
    const response = await gateway.chat({ messages: IMAGE });
    assert.equal(response.status, 400);
    assert.partialDeepStrictEqual(await errorOf(response), { code: 'images_not_supported', param: 'messages' });
  }
  assert.equal(chats(fake).length, 0);
  assert.equal(fake.requests.filter(({ path }) => path === '/api/show').length, 1);
  assert.equal(gateway.service().scheduler.inFlight, 0);
});

test('an image goes to a model that sees, or whose server does not say', async () => {
  for (const shown of ['{"capabilities":["completion","vision"]}', '{}', '<html>']) {
    await using fake = await startFake((got, outgoing) =>
      got.path === '/api/show' ? void outgoing.end(shown) : talks(got, outgoing),
    );
    await using gateway = await startGateway([fake]);
    assert.equal(await textOf(await gateway.chat({ messages: IMAGE })), 'talk');
    assert.partialDeepStrictEqual(chats(fake).at(-1), {
      messages: [
        { role: 'user', content: 'what is it' },
        { role: 'user', content: '', images: ['aGk='] },
      ],
    });
  }
});

test('an image by its address is refused, since nothing is fetched for a client', async () => {
  await using fake = await startFake(talks);
  await using gateway = await startGateway([fake]);
  const response = await gateway.chat({
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://127.0.0.1/a.png' } }] }],
  });
  assert.equal(response.status, 400);
  assert.partialDeepStrictEqual(await errorOf(response), {
    code: 'invalid_image_url',
    param: 'messages[0].content[0].image_url.url',
  });
  assert.equal(fake.requests.length, 0);
});

test('a client that leaves while its model is looked up is asked for no more', async () => {
  await using fake = await startFake((got, outgoing) => (got.path === '/api/show' ? undefined : talks(got, outgoing)));
  await using gateway = await startGateway([fake]);
  const draining = new AbortController();
  const asking = gateway.chat({ messages: IMAGE }, { signal: draining.signal });
  await until('the server is asked', () => fake.requests.some(({ path }) => path === '/api/show'));
  draining.abort();
  await assert.rejects(asking);
  await until('the place is given back', () => gateway.service().scheduler.inFlight === 0);
  assert.equal(chats(fake).length, 0);
});
