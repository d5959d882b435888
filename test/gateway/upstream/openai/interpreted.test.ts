import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatRequest, ServerEvent } from '../../../../src/gateway/exchange.ts';
import { openaiChat } from '../../../../src/gateway/upstream/openai/call.ts';
import { eventsOf } from '../../pieces.ts';
import { USAGE, COUNTED, type Said, sse, delta, finished, streamed, piece, calls, calledIn } from './interpreting.ts';
import { PLAIN_CHAT } from '../chat-request.ts';

function whole(choice: unknown, more: Partial<ChatRequest> = {}): readonly ServerEvent[] {
  return eventsOf(
    (emit) => openaiChat({ ...PLAIN_CHAT, stream: false, ...more }, 'theirs').read(emit),
    [Buffer.from(JSON.stringify({ id: 'x', choices: [choice], usage: USAGE }))],
  );
}

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
  assert.equal('stop' in (JSON.parse(openaiChat({ ...PLAIN_CHAT, ...asked }, 'theirs').body) as object), false);
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
