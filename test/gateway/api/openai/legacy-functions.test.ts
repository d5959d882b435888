import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, startFake, type Behaviour, type FakeUpstream } from '../../fake-upstream.ts';
import { errorOf, startGateway, type Running } from '../../running.ts';
import { parseEvents } from '../../sse.ts';

type Json = Readonly<Record<string, unknown>>;

const FUNCTIONS = [{ name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } }];
const CALL = { name: 'weather', arguments: '{"city":"Bern"}' };

/** An Ollama server whose response is one word and two tool calls. */
const calls: Behaviour = (_got, outgoing) => {
  const tool_calls = ['Bern', 'Basel'].map((city) => ({ function: { name: 'weather', arguments: { city } } }));
  outgoing.end(
    piece('Well') +
      `${JSON.stringify({ message: { role: 'assistant', content: '', tool_calls }, done: false })}\n` +
      DONE,
  );
};

/** A server of OpenAI's dialect with the same response. */
const callsV1: Behaviour = ({ body }, outgoing) => {
  const tool = (index: number, given: string): object => ({
    index,
    id: `c${String(index)}`,
    type: 'function',
    function: { name: 'weather', arguments: given },
  });
  const chunk = (delta: object, finish_reason: string | null): string =>
    `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  if ((JSON.parse(body) as Json)['stream'] === true)
    outgoing.end(
      `${chunk({ role: 'assistant', content: 'Well' }, null)}${chunk({ tool_calls: [tool(0, '{"city":')] }, null)}${chunk({ tool_calls: [{ index: 0, function: { arguments: '"Bern"}' } }] }, null)}${chunk({ tool_calls: [tool(1, '{}')] }, null)}${chunk({}, 'tool_calls')}data: [DONE]\n\n`,
    );
  else
    outgoing.end(
      JSON.stringify({
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: 'Well', tool_calls: [tool(0, CALL.arguments), tool(1, '{}')] },
            finish_reason: 'tool_calls',
          },
        ],
      }),
    );
};

const SERVERS: readonly (readonly [
  what: string,
  behaviour: Behaviour,
  start: (fake: FakeUpstream) => Promise<Running>,
])[] = [
  ['Ollama', calls, (fake) => startGateway([fake])],
  [
    'a server that speaks OpenAI',
    callsV1,
    (fake) =>
      startGateway([], {
        model_list: [{ model_name: 'm', litellm_params: { model: 'openai/theirs', api_base: fake.url } }],
      }),
  ],
];

for (const [what, behaviour, start] of SERVERS) {
  test(`functions are served as tools by ${what}, and the one call comes as function_call, whole or streamed`, async () => {
    await using fake = await startFake(behaviour);
    await using gateway = await start(fake);
    const whole = await gateway.chat({ functions: FUNCTIONS, function_call: 'auto' });
    assert.equal(whole.headers.get('x-hxllm-ignored-params'), null);
    const {
      choices: [choice],
    } = (await whole.json()) as { choices: readonly { readonly message: Json; readonly finish_reason: string }[] };
    assert.deepEqual(
      [
        choice?.finish_reason,
        choice?.message['content'],
        choice?.message['function_call'],
        choice?.message['tool_calls'],
      ],
      ['function_call', 'Well', CALL, undefined],
    );
    assert.partialDeepStrictEqual(JSON.parse(fake.requests.at(-1)?.body ?? ''), {
      tools: [{ type: 'function', function: FUNCTIONS[0] }],
    });

    const chunks = parseEvents(await (await gateway.chat({ functions: FUNCTIONS, stream: true })).text()).slice(
      0,
      -1,
    ) as readonly {
      choices: readonly {
        delta: { content?: string | null; tool_calls?: unknown; function_call?: { name?: string; arguments?: string } };
        finish_reason: string | null;
      }[];
    }[];
    const told = chunks.flatMap(({ choices }) => choices);
    assert.deepEqual(
      [
        told.map(({ delta }) => delta.content ?? '').join(''),
        told.map(({ delta }) => delta.function_call?.name ?? '').join(''),
        told.map(({ delta }) => delta.function_call?.arguments ?? '').join(''),
        told.flatMap(({ finish_reason: reason }) => reason ?? []),
      ],
      ['Well', CALL.name, CALL.arguments, ['function_call']],
    );
    assert.ok(told.every(({ delta }) => delta.tool_calls === undefined));
  });
}

test('a function’s result goes back to the call before it, and a named function is the one that is called', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const messages = [
    { role: 'user', content: 'Weather?' },
    { role: 'assistant', content: null, function_call: CALL },
    { role: 'function', name: 'weather', content: 'rain' },
  ];
  assert.equal(
    (await gateway.chat({ functions: [...FUNCTIONS, { name: 'other' }], function_call: { name: 'weather' }, messages }))
      .status,
    200,
  );
  const body = JSON.parse(fake.requests.at(-1)?.body ?? '') as { messages: readonly Json[]; format: unknown };
  assert.partialDeepStrictEqual(body.messages.slice(1), [
    { tool_calls: [{ id: 'call_1', function: { name: 'weather', arguments: { city: 'Bern' } } }] },
    { role: 'tool', content: 'rain', tool_name: 'weather', tool_call_id: 'call_1' },
  ]);
  assert.partialDeepStrictEqual(body.format, { properties: { name: { const: 'weather' } } });
});

test('a call of the conversation is told also where functions are no longer offered', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const messages = [
    { role: 'user', content: 'Weather?' },
    { role: 'assistant', content: null, function_call: CALL },
    { role: 'function', name: 'weather', content: 'rain' },
  ];
  assert.equal((await gateway.chat({ messages })).status, 200);
  const body = JSON.parse(fake.requests.at(-1)?.body ?? '') as { messages: readonly Json[] };
  assert.partialDeepStrictEqual(body.messages.slice(1), [
    { tool_calls: [{ function: { name: 'weather', arguments: { city: 'Bern' } } }] },
    { role: 'tool', content: 'rain', tool_name: 'weather' },
  ]);
  const cut = { role: 'assistant', function_call: { name: 'f', arguments: '{' } };
  assert.equal((await gateway.chat({ messages: [cut] })).status, 200);
  const sent = JSON.parse(fake.requests.at(-1)?.body ?? '') as { messages: readonly Json[] };
  assert.partialDeepStrictEqual(sent.messages, [
    { tool_calls: [{ function: { name: 'f', arguments: { arguments: '{' } } }] },
  ]);
});

test('an answer without a call is an answer, and what is wrong is called by the name that the client used', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const plain = (await (await gateway.chat({ functions: FUNCTIONS })).json()) as { choices: readonly Json[] };
  assert.partialDeepStrictEqual(plain.choices, [{ message: { content: 'hello' }, finish_reason: 'stop' }]);
  for (const [body, param] of [
    [{ functions: [{}] }, 'functions[0]'],
    [{ functions: FUNCTIONS, function_call: { name: 'x' } }, 'function_call'],
    [{ functions: FUNCTIONS, function_call: 'sometimes' }, 'function_call'],
  ] as const) {
    const response = await gateway.chat(body);
    assert.equal(response.status, 400);
    assert.equal((await errorOf(response)).param, param);
  }
});
