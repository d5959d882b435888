import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChatRequest, ServerEvent } from '../../../../src/gateway/exchange.ts';
import type { ResponseDecoder } from '../../../../src/gateway/upstream/wire-request.ts';
import { openaiChat, openaiCompletion, openaiEmbed } from '../../../../src/gateway/upstream/openai/call.ts';
import { cutAnywhere, eventsOf } from '../../pieces.ts';

const PLAIN: ChatRequest = {
  model: 'mine',
  messages: [],
  tools: [],
  mustCall: false,
  callSchema: undefined,
  parallelCalls: true,
  format: undefined,
  sampling: {},
  stop: [],
  maxTokens: undefined,
  thinking: undefined,
  thinkingName: 'think',
  logprobs: undefined,
  stream: true,
  includeUsage: false,
  original: undefined,
};
const USAGE = { prompt_tokens: 3, completion_tokens: 2 };
const COUNTED = { promptTokens: 3, completionTokens: 2 };

type Said = Readonly<Record<string, unknown>>;

function sse(...bodies: readonly unknown[]): string {
  return [...bodies.map((body) => JSON.stringify(body)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('');
}

function delta(said: Said, more: Said = {}): Said {
  return {
    id: 'x',
    object: 'chat.completion.chunk',
    model: 'theirs',
    choices: [{ index: 0, delta: said, finish_reason: null, ...more }],
  };
}

function finished(reason: string): readonly Said[] {
  return [delta({}, { finish_reason: reason }), { id: 'x', choices: [], usage: USAGE }];
}

function streamed(text: string, more: Partial<ChatRequest> = {}): readonly ServerEvent[] {
  return eventsOf((emit) => openaiChat({ ...PLAIN, ...more }, 'theirs').read(emit), [Buffer.from(text)]);
}

function whole(choice: unknown, more: Partial<ChatRequest> = {}): readonly ServerEvent[] {
  return eventsOf(
    (emit) => openaiChat({ ...PLAIN, stream: false, ...more }, 'theirs').read(emit),
    [Buffer.from(JSON.stringify({ id: 'x', choices: [choice], usage: USAGE }))],
  );
}

const piece = (index: number | undefined, id: string | undefined, name: string | undefined, given: unknown): Said => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id }),
  type: 'function',
  function: { ...(name === undefined ? {} : { name }), arguments: given },
});
const calls = (...pieces: readonly Said[]): Said => delta({ tool_calls: pieces });
const calledIn = (events: readonly ServerEvent[]): readonly unknown[] =>
  events.flatMap((event) => (event.kind === 'tool-call' ? [[event.call.name, event.call.arguments]] : []));

test('a stream is told as thoughts, text and an end with its usage', () => {
  const events = streamed(
    sse(
      delta({ role: 'assistant', content: '' }),
      delta({ reasoning_content: 'hm' }),
      delta({ reasoning: ' so' }),
      delta({ content: 'Grüß' }),
      delta({ content: ' Gott' }),
      ...finished('stop'),
    ),
  );
  assert.deepEqual(events, [
    { kind: 'thinking', text: 'hm' },
    { kind: 'thinking', text: ' so' },
    { kind: 'text', text: 'Grüß' },
    { kind: 'text', text: ' Gott' },
    { kind: 'end', reason: 'stop', usage: COUNTED },
  ]);
});

test('a whole answer is told as a stream of the same would be', () => {
  const message = {
    role: 'assistant',
    content: 'Hello',
    reasoning: 'hm',
    tool_calls: [piece(undefined, 'a', 'f', '{"x":1}'), piece(undefined, 'b', 'g', '')],
  };
  assert.deepEqual(whole({ index: 0, message, finish_reason: 'tool_calls' }), [
    { kind: 'thinking', text: 'hm' },
    { kind: 'text', text: 'Hello' },
    { kind: 'tool-call', call: { id: 'a', name: 'f', arguments: { x: 1 } } },
    { kind: 'tool-call', call: { id: 'b', name: 'g', arguments: {} } },
    { kind: 'end', reason: 'tool-calls', usage: COUNTED },
  ]);
});

test('an answer that its limit cut off says so, also where the server gives no reason; nothing is told of an answer that was to have no tokens', () => {
  assert.partialDeepStrictEqual(streamed(sse(delta({ content: 'a' }), ...finished('length'))).at(-1), {
    kind: 'end',
    reason: 'length',
  });
  assert.partialDeepStrictEqual(whole({ index: 0, message: { content: 'ha ha' } }).at(-1), {
    kind: 'end',
    reason: 'length',
  });
  assert.deepEqual(streamed(sse(delta({ content: 'a' }), ...finished('stop')), { maxTokens: 0 }), [
    { kind: 'end', reason: 'length', usage: COUNTED },
  ]);
});

test('a stop sequence that is to be named is looked for here, and the server is told to stop when it has come', () => {
  const asked = { stop: ['END', 'x'], namesStop: true } as const;
  assert.equal('stop' in (JSON.parse(openaiChat({ ...PLAIN, ...asked }, 'theirs').body) as object), false);
  const events = streamed(sse(delta({ content: 'a E' }), delta({ content: 'ND b' }), ...finished('stop')), asked);
  assert.deepEqual(events, [
    { kind: 'text', text: 'a ' },
    { kind: 'end', reason: 'stop', usage: { promptTokens: 0, completionTokens: 2 }, early: true, stopSequence: 'END' },
  ]);
  assert.deepEqual(whole({ message: { content: 'a END b' }, finish_reason: 'stop' }, asked), [
    { kind: 'text', text: 'a ' },
    { kind: 'end', reason: 'stop', usage: COUNTED, stopSequence: 'END' },
  ]);
  assert.deepEqual(streamed(sse(delta({ content: 'EN' }), ...finished('stop')), asked), [
    { kind: 'text', text: 'EN' },
    { kind: 'end', reason: 'stop', usage: COUNTED },
  ]);
});

test('calls are put together from their pieces, however the server tells them apart', () => {
  const two = [
    ['f', { x: 1 }],
    ['g', { y: 2 }],
  ];
  const ways: Readonly<Record<string, readonly Said[]>> = {
    'by index': [
      calls(piece(0, 'a', 'f', '')),
      calls(piece(0, undefined, undefined, '{"x"')),
      calls(piece(0, undefined, undefined, ':1}')),
      calls(piece(1, 'b', 'g', '{"y":')),
      calls(piece(1, undefined, undefined, '2}')),
    ],
    'by turns': [
      calls(piece(0, 'a', 'f', '{'), piece(1, 'b', 'g', '{')),
      calls(piece(0, undefined, undefined, '"x":1}'), piece(1, undefined, undefined, '"y":2}')),
    ],
    'by id, all under index 0': [
      calls(piece(0, 'a', 'f', '{"x":1}')),
      calls(piece(0, 'b', 'g', '{"y"')),
      calls(piece(0, undefined, undefined, ':2}')),
    ],
    'by id in every piece': [
      calls(piece(0, 'a', 'f', '{"x"')),
      calls(piece(0, 'a', 'f', ':1}')),
      calls(piece(0, 'b', 'g', '{"y":2}')),
    ],
    'by index alone': [calls(piece(0, '', 'f', '{"x":1}')), calls(piece(1, '', 'g', '{"y":2}'))],
    'by neither': [
      calls(piece(undefined, undefined, 'f', '{"x":1}')),
      calls(piece(undefined, undefined, 'g', '{"y":2}')),
    ],
    'with the name in every piece': [
      calls(piece(0, undefined, 'f', '{"x"')),
      calls(piece(0, undefined, 'f', ':1}')),
      calls(piece(1, undefined, 'g', '{"y":2}')),
    ],
    'as objects': [calls(piece(0, 'a', 'f', { x: 1 }), piece(1, 'b', 'g', { y: 2 }))],
  };
  for (const [how, said] of Object.entries(ways)) {
    const events = streamed(sse(...said, ...finished('tool_calls')));
    assert.deepEqual(calledIn(events), two, how);
    assert.partialDeepStrictEqual(events.at(-1), { kind: 'end', reason: 'tool-calls' }, how);
    const ids = events.flatMap((event) => (event.kind === 'tool-call' ? [event.call.id] : []));
    assert.ok(ids.every((id) => id !== '') && new Set(ids).size === 2, how);
  }
  assert.deepEqual(
    calledIn(
      whole({
        message: {
          content: null,
          tool_calls: [piece(undefined, undefined, 'f', ''), piece(undefined, undefined, 'f', '')],
        },
        finish_reason: 'tool_calls',
      }),
    ),
    [
      ['f', {}],
      ['f', {}],
    ],
  );
});

test('a call counts where the server says stop, and where one call is wanted there is one', () => {
  const said = [calls(piece(0, 'a', 'f', '{}'), piece(1, 'b', 'g', '{}')), ...finished('stop')];
  assert.partialDeepStrictEqual(streamed(sse(...said)).at(-1), { kind: 'end', reason: 'tool-calls' });
  assert.deepEqual(calledIn(streamed(sse(...said), { parallelCalls: false })), [['f', {}]]);
});

test('a call with broken arguments is no call: the answer has failed, by no fault of the server, or was cut off', () => {
  const broken = [calls(piece(0, 'a', 'f', '{}')), calls(piece(1, 'b', 'g', '{"y":'))];
  assert.partialDeepStrictEqual(streamed(sse(...broken, ...finished('tool_calls'))), [
    { kind: 'failure', failure: { kind: 'upstream', fault: 'request' } },
  ]);
  const cut = streamed(sse(...broken, ...finished('length')));
  assert.deepEqual(calledIn(cut), [['f', {}]]);
  assert.partialDeepStrictEqual(cut.at(-1), { kind: 'end', reason: 'length' });
});

test('a stream that breaks off, or names an error in its middle, has failed; one that has given its reason needs no [DONE]', () => {
  const begun = `data: ${JSON.stringify(delta({ content: 'a' }))}\n\n`;
  for (const text of [
    begun,
    `${begun}data: {"error":{"message":"out of memory"}}\n\ndata: [DONE]\n\n`,
    `${begun}data: {oops\n\n`,
  ]) {
    assert.deepEqual(
      streamed(text).map(({ kind }) => kind),
      ['text', 'failure'],
      text,
    );
  }
  assert.partialDeepStrictEqual(
    streamed(`${begun}data: ${JSON.stringify(delta({}, { finish_reason: 'stop' }))}\n\n`).at(-1),
    { kind: 'end', reason: 'stop' },
  );
});

test('tokens come with their text, also from the lists of a completion', () => {
  const token = { token: 'a', logprob: -0.5, bytes: [97], top_logprobs: [] };
  assert.deepEqual(streamed(sse(delta({ content: 'a' }, { logprobs: { content: [token] } }), ...finished('stop')))[0], {
    kind: 'text',
    text: 'a',
    logprobs: [token],
  });
  const text = sse({
    choices: [
      {
        index: 0,
        text: 'ab',
        logprobs: { tokens: ['a', 'b'], token_logprobs: [-0.5, null], top_logprobs: [{ a: -0.5, c: -2 }, null] },
        finish_reason: 'stop',
      },
    ],
    usage: USAGE,
  });
  assert.deepEqual(
    eventsOf(
      (emit) => openaiCompletion({ ...PLAIN, prompt: 'p', suffix: undefined, raw: true }, 'theirs').read(emit),
      [Buffer.from(text)],
    ),
    [
      {
        kind: 'text',
        text: 'ab',
        logprobs: [
          {
            token: 'a',
            logprob: -0.5,
            bytes: null,
            top_logprobs: [
              { token: 'a', logprob: -0.5, bytes: null },
              { token: 'c', logprob: -2, bytes: null },
            ],
          },
          { token: 'b', logprob: null, bytes: null, top_logprobs: [] },
        ],
      },
      { kind: 'end', reason: 'stop', usage: COUNTED },
    ],
  );
});

test('any cut of the bytes gives the same events', () => {
  const said = fc.oneof(
    fc.string({ unit: 'binary' }).map((content) => delta({ content })),
    fc.string({ unit: 'binary' }).map((reasoning) => delta({ reasoning })),
    fc
      .tuple(fc.nat(3), fc.uuid(), fc.string(), fc.jsonValue())
      .map(([index, id, name, given]) => calls(piece(index, id, name, JSON.stringify(given)))),
  );
  const answer = fc.array(said, { maxLength: 12 }).map((chunks) => Buffer.from(sse(...chunks, ...finished('stop'))));
  fc.assert(
    fc.property(
      answer.chain((bytes) => fc.tuple(fc.constant(bytes), cutAnywhere(bytes))),
      ([bytes, pieces]) => {
        const read = (emit: (event: ServerEvent) => void): ResponseDecoder => openaiChat(PLAIN, 'theirs').read(emit);
        assert.deepEqual(eventsOf(read, pieces), eventsOf(read, [bytes]));
      },
    ),
    { numRuns: 200 },
  );
});

test('vectors come in the order of their texts, as numbers or packed, and all of them or none', () => {
  const read = (emit: (event: ServerEvent) => void): ResponseDecoder =>
    openaiEmbed(
      { model: 'mine', input: ['a', 'b'], dimensions: undefined, base64: false, original: undefined },
      'theirs',
    ).read(emit);
  const heard = (body: unknown): readonly ServerEvent[] => eventsOf(read, [Buffer.from(JSON.stringify(body))]);
  const packed = Buffer.from(new Float32Array([0.5, -2]).buffer).toString('base64');
  assert.deepEqual(
    heard({
      data: [
        { index: 1, embedding: packed },
        { index: 0, embedding: [1, 2] },
      ],
      usage: { prompt_tokens: 4 },
    }),
    [
      {
        kind: 'vectors',
        vectors: [
          [1, 2],
          [0.5, -2],
        ],
      },
      { kind: 'end', reason: 'stop', usage: { promptTokens: 4, completionTokens: 0 } },
    ],
  );
  for (const body of [
    {},
    [],
    { data: [{ embedding: [1] }] },
    { data: [{ embedding: [1] }, { embedding: ['x'] }] },
    { data: [{ embedding: [1] }, { embedding: 'AAA' }] },
    { data: [{ embedding: [1] }, null] },
  ]) {
    assert.partialDeepStrictEqual(
      heard(body),
      [{ kind: 'failure', failure: { kind: 'upstream', fault: 'deployment' } }],
      JSON.stringify(body),
    );
  }
});
