import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { DONE, piece, startFake, type FakeUpstream } from '../../fake-upstream.ts';
import { errorOf, KEY, startGateway, type Running } from '../../running.ts';
import { parseEvents } from '../../sse.ts';

const TOOLS = ['get_weather', 'get_time'].map((name) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}));
const messages = [{ role: 'user' as const, content: 'weather and time?' }];

interface Chunk {
  readonly choices: readonly {
    readonly delta: {
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly type?: string;
        readonly function?: { readonly name?: string; readonly arguments?: string };
      }[];
    };
    readonly finish_reason: string | null;
  }[];
}

const called = (...calls: readonly object[]): string =>
  `${JSON.stringify({ model: 'm', message: { role: 'assistant', content: '', tool_calls: calls }, done: false })}\n`;
const call = (name: string, city: string): object => ({ function: { index: 0, name, arguments: { city } } });

let fake: FakeUpstream;
let gateway: Running;
let client: OpenAI;

before(async () => {
  // Two calls in one chunk and one more in another, all with index 0 and without ids, as older servers send them. The finish reason
  // is `stop`.
  fake = await startFake(
    (_got, outgoing) =>
      void outgoing.end(
        piece('Well, ') +
          called(call('get_weather', 'Köln'), call('get_time', 'Köln')) +
          called(call('get_time', 'Bonn')) +
          DONE,
      ),
  );
  gateway = await startGateway([fake]);
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: KEY, maxRetries: 0 });
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
});

test('streamed calls are calls and not text: each has its own index, its id and name come first, and the reason is tool_calls', async () => {
  const events = parseEvents(await (await gateway.chat({ tools: TOOLS, stream: true })).text());
  const choices = (events.slice(0, -1) as readonly Chunk[]).flatMap((chunk) => chunk.choices);
  const calls = choices.flatMap(({ delta }) => delta.tool_calls ?? []);
  assert.deepEqual(
    calls.map(({ index, type, function: made }) => [index, type, made?.name, JSON.parse(made?.arguments ?? '')]),
    [
      [0, 'function', 'get_weather', { city: 'Köln' }],
      [1, 'function', 'get_time', { city: 'Köln' }],
      [2, 'function', 'get_time', { city: 'Bonn' }],
    ],
  );
  assert.equal(new Set(calls.map(({ id }) => id)).size, 3);
  assert.equal(choices.at(-1)?.finish_reason, 'tool_calls');
});

test('the SDK puts streamed calls together as it finds them in one piece', async () => {
  const whole = await client.chat.completions.create({ model: 'm', messages, tools: TOOLS });
  const streamed = await client.chat.completions.stream({ model: 'm', messages, tools: TOOLS }).finalChatCompletion();
  const names = (completion: OpenAI.ChatCompletion): unknown =>
    completion.choices[0]?.message.tool_calls?.map((one) =>
      one.type === 'function' ? [one.function.name, one.function.arguments] : [],
    );
  assert.deepEqual(names(streamed), names(whole));
  assert.deepEqual(
    [whole.choices[0]?.message.content, whole.choices[0]?.finish_reason, streamed.choices[0]?.finish_reason],
    ['Well, ', 'tool_calls', 'tool_calls'],
  );
});

test('the calls of one turn go back with the next, each with its answer', async () => {
  const { choices } = await client.chat.completions.create({ model: 'm', messages, tools: TOOLS });
  const [said] = choices.map(({ message }) => message);
  assert.ok(said !== undefined);
  const answers = (said.tool_calls ?? []).map(({ id }, index) => ({
    role: 'tool' as const,
    tool_call_id: id,
    content: `answer ${String(index)}`,
  }));
  await client.chat.completions.create({ model: 'm', messages: [...messages, said, ...answers], tools: TOOLS });
  const sent = JSON.parse(fake.requests.at(-1)?.body ?? '') as { messages: readonly object[] };
  assert.partialDeepStrictEqual(sent.messages.slice(1), [
    {
      role: 'assistant',
      tool_calls: [
        { function: { name: 'get_weather', arguments: { city: 'Köln' } } },
        { function: { index: 1, name: 'get_time' } },
        { function: { index: 2, name: 'get_time', arguments: { city: 'Bonn' } } },
      ],
    },
    { role: 'tool', content: 'answer 0', tool_name: 'get_weather' },
    { role: 'tool', content: 'answer 1', tool_name: 'get_time' },
    { role: 'tool', content: 'answer 2', tool_name: 'get_time' },
  ]);
});

test('a call whose arguments are no JSON does not end its conversation: the server gets them as one argument', async () => {
  const broken = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}{"b":2}' } }],
  };
  assert.equal((await gateway.chat({ messages: [...messages, broken] })).status, 200);
  const sent = JSON.parse(fake.requests.at(-1)?.body ?? '') as { readonly messages: readonly object[] };
  assert.partialDeepStrictEqual(sent.messages.at(-1), {
    tool_calls: [{ function: { name: 'f', arguments: { arguments: '{"a":1}{"b":2}' } } }],
  });
});

test('parallel_tool_calls: false gives one call', async () => {
  const { choices } = await client.chat.completions.create({
    model: 'm',
    messages,
    tools: TOOLS,
    parallel_tool_calls: false,
  });
  assert.deepEqual(choices[0]?.message.tool_calls?.length, 1);
});

test('a tool that has to be called is: the server gets a grammar of the call, and no other tool is offered', async () => {
  const said = '{"name": "get_time", "arguments": {"city": "Bonn"}}';
  await using talker = await startFake(
    (_got, outgoing) => void outgoing.end(piece(said.slice(0, 9)) + piece(said.slice(9)) + DONE),
  );
  await using own = await startGateway([talker], { hxllm: { strict: true } });
  const forced = { tools: TOOLS, tool_choice: { type: 'function', function: { name: 'get_time' } } };
  const response = await own.chat(forced);
  assert.deepEqual([response.status, response.headers.get('x-hxllm-ignored-params')], [200, null]);
  assert.partialDeepStrictEqual(await response.json(), {
    choices: [
      {
        message: {
          content: null,
          tool_calls: [{ type: 'function', function: { name: 'get_time', arguments: '{"city":"Bonn"}' } }],
        },
        finish_reason: 'tool_calls',
      },
    ],
  });
  const sent = JSON.parse(talker.requests.at(-1)?.body ?? '') as { tools: readonly object[]; format: object };
  assert.deepEqual(sent.tools, [TOOLS[1]]);
  assert.partialDeepStrictEqual(sent.format, {
    properties: { name: { const: 'get_time' }, arguments: TOOLS[1]?.function.parameters },
  });
  const events = parseEvents(await (await own.chat({ ...forced, stream: true })).text());
  const deltas = (events.slice(0, -1) as readonly Chunk[]).flatMap(({ choices }) =>
    choices.flatMap(({ delta }) => delta.tool_calls ?? []),
  );
  assert.deepEqual(
    deltas.map(({ index, function: made }) => [index, made?.name]),
    [[0, 'get_time']],
  );
});

test('where a server can make no grammar of the call it is asked without, and the reply says so; under strict it is refused', async () => {
  await using picky = await startFake((got, outgoing) => {
    if ((JSON.parse(got.body) as { format?: unknown }).format === undefined) outgoing.end(piece('no') + DONE);
    else outgoing.writeHead(500).end('{"error":"invalid JSON schema in format"}');
  });
  await using lax = await startGateway([picky]);
  const response = await lax.chat({ tools: TOOLS, tool_choice: 'required' });
  assert.deepEqual([response.status, response.headers.get('x-hxllm-ignored-params')], [200, 'tool_choice']);
  await using strict = await startGateway([picky], { hxllm: { strict: true } });
  const refused = await strict.chat({ tools: TOOLS, tool_choice: 'required' });
  assert.equal(refused.status, 400);
  const own = await lax.chat({
    response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'what' } } },
  });
  assert.deepEqual(
    [own.status, (await errorOf(own)).param],
    [400, 'response_format'],
    'a schema of the client itself is its own fault',
  );
});
