import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MessageEventEncoder } from '../../../../src/gateway/api/anthropic/message-event-encoder.ts';
import type { MessageHead } from '../../../../src/gateway/api/anthropic/message-body.ts';
import { MessageEncoder } from '../../../../src/gateway/api/anthropic/message-encoder.ts';
import { thinkingOf } from '../../../../src/gateway/api/anthropic/signature.ts';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { AnswerLines } from '../../../../src/gateway/upstream/ollama/answer-lines.ts';
import { cutAnywhere, eventsOf } from '../../pieces.ts';
import { messageOf, parseStream } from './events.ts';

const HEAD: MessageHead = { id: 'msg_1', model: 'alias', maxTokens: 10, thinking: 'shown' };
const USAGE = { promptTokens: 7, completionTokens: 3 };
const COUNTS = {
  input_tokens: 7,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 3,
  output_tokens_details: null,
  server_tool_use: null,
};
const text = (said: string): ServerEvent => ({ kind: 'text', text: said });
const thinking = (said: string): ServerEvent => ({ kind: 'thinking', text: said });
const call: ServerEvent = { kind: 'tool-call', call: { id: 'call_1', name: 'f', arguments: { a: 'ü\n' } } };
const end = (reason: 'stop' | 'length' | 'tool-calls', more: object = {}): ServerEvent => ({
  kind: 'end',
  reason,
  usage: USAGE,
  ...more,
});

function streamed(events: readonly ServerEvent[], head: MessageHead = HEAD): string {
  const encoder = new MessageEventEncoder(head);
  // Tool call ids are random.
  return events
    .map((event) => encoder.encode(event))
    .join('')
    .replaceAll(/toolu_[0-9a-f]{32}/g, 'toolu_1');
}

function whole(events: readonly ServerEvent[], head: MessageHead = HEAD): Readonly<Record<string, unknown>> {
  const encoder = new MessageEncoder(head);
  assert.equal(events.map((event) => encoder.encode(event)).join(''), '');
  return JSON.parse(JSON.stringify(encoder.message).replaceAll(/toolu_[0-9a-f]{32}/g, 'toolu_1')) as Record<
    string,
    unknown
  >; // the encoder writes an object
}

test('a stream is the message, its blocks one after the other, why it ended, the end', () => {
  const delta = (index: number, given: object): object => ({ type: 'content_block_delta', index, delta: given });
  const start = (index: number, block: object): object => ({
    type: 'content_block_start',
    index,
    content_block: block,
  });
  const stop = (index: number): object => ({ type: 'content_block_stop', index });
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'alias',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: {
      ...COUNTS,
      input_tokens: 0,
      output_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      service_tier: 'standard',
      inference_geo: null,
      speed: null,
    },
  };
  assert.deepEqual(
    parseStream(streamed([thinking('h'), thinking('m'), text('a\n"'), text('b'), call, end('tool-calls')])),
    [
      { type: 'message_start', message },
      start(0, { type: 'thinking', thinking: '', signature: '' }),
      { type: 'ping' },
      delta(0, { type: 'thinking_delta', thinking: 'h' }),
      delta(0, { type: 'thinking_delta', thinking: 'm' }),
      delta(0, { type: 'signature_delta', signature: 'aHhsbG0.shown' }),
      stop(0),
      start(1, { type: 'text', text: '', citations: null }),
      delta(1, { type: 'text_delta', text: 'a\n"' }),
      delta(1, { type: 'text_delta', text: 'b' }),
      stop(1),
      start(2, { type: 'tool_use', id: 'toolu_1', name: 'f', input: {}, caller: { type: 'direct' } }),
      delta(2, { type: 'input_json_delta', partial_json: '{"a":"ü\\n"}' }),
      stop(2),
      {
        type: 'message_delta',
        delta: { stop_reason: 'tool_use', stop_sequence: null, stop_details: null, container: null },
        usage: COUNTS,
      },
      { type: 'message_stop' },
    ],
  );
});

test('an answer without a word is a message without blocks', () => {
  assert.deepEqual(
    parseStream(streamed([end('length')])).map(({ type }) => type),
    ['message_start', 'message_delta', 'message_stop'],
  );
  assert.partialDeepStrictEqual(whole([end('stop')]), { content: [], stop_reason: 'end_turn' });
});

test('why an answer ended is told as it was, also that a context was full', () => {
  const reasons = [
    end('stop'),
    end('stop', { stopSequence: 'END', early: true }),
    end('length', { usage: { promptTokens: 7, completionTokens: 10 } }),
    end('length'),
    end('length', { usage: { promptTokens: 0, completionTokens: 3 } }),
    end('tool-calls'),
  ];
  assert.deepEqual(
    reasons.map((event) => whole([event])).map(({ stop_reason, stop_sequence }) => [stop_reason, stop_sequence]),
    [
      ['end_turn', null],
      ['stop_sequence', 'END'],
      ['max_tokens', null],
      ['model_context_window_exceeded', null],
      ['max_tokens', null],
      ['tool_use', null],
    ],
  );
});

test('thoughts that are not to be shown go out sealed, and come back as they were; those nobody asked for do not go out', () => {
  const said = [thinking('Grüß '), thinking('🌧'), text('a'), end('stop')];
  const withheld = messageOf(parseStream(streamed(said, { ...HEAD, thinking: 'withheld' }))).content[0] ?? {};
  assert.equal(withheld['thinking'], '');
  assert.equal(thinkingOf('', withheld['signature']), 'Grüß 🌧');
  assert.deepEqual(whole(said, { ...HEAD, thinking: 'withheld' })['content'], [
    withheld,
    { type: 'text', text: 'a', citations: null },
  ]);
  for (const write of [
    (events: readonly ServerEvent[]) => messageOf(parseStream(streamed(events, { ...HEAD, thinking: 'none' }))).content,
    (events: readonly ServerEvent[]) => whole(events, { ...HEAD, thinking: 'none' })['content'],
  ]) {
    assert.deepEqual(write(said), [{ type: 'text', text: 'a', citations: null }]);
  }
  assert.deepEqual([thinkingOf('seen', 'EqQB'), thinkingOf('', 'EqQB'), thinkingOf('', undefined)], ['seen', '', '']);
});

test('a stream adds up to the same message as a whole response', () => {
  const event = fc.oneof(
    fc.string({ unit: 'binary' }).map(text),
    fc.string({ unit: 'binary' }).map(thinking),
    fc.constant(call),
  );
  fc.assert(
    fc.property(
      fc.array(event),
      fc.constantFrom('shown' as const, 'withheld' as const, 'none' as const),
      (events, shown) => {
        const head = { ...HEAD, thinking: shown };
        const { content, stop, usage } = messageOf(parseStream(streamed([...events, end('stop')], head)));
        const { content: expected, stop_reason, usage: counts } = whole([...events, end('stop')], head);
        assert.deepEqual(content, JSON.parse(JSON.stringify(expected)));
        assert.equal(stop['stop_reason'], stop_reason);
        assert.partialDeepStrictEqual(counts, usage);
      },
    ),
    { numRuns: 300 },
  );
});

test('Ollama’s bytes give the same stream, wherever they are cut', () => {
  const lines = [
    { message: { content: '', thinking: 'hmü' } },
    { message: { content: 'Grüß 世' } },
    { message: { content: 'one STO' } },
    { message: { content: 'P two', tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }] } },
    { message: { content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 3, eval_count: 4 },
  ];
  const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  for (const stop of [[], ['STOP', 'zzz'], ['P t', 'STOP']]) {
    const read = (pieces: readonly Uint8Array[]): string =>
      streamed(
        eventsOf(
          (emit) =>
            new AnswerLines(emit, {
              within: 'message',
              text: 'content',
              stop,
              maxTokens: 99,
              parallelCalls: true,
            }),
          pieces,
        ),
      );
    const expected = read([bytes]);
    assert.equal(messageOf(parseStream(expected)).stop['stop_sequence'], stop.length === 0 ? null : 'STOP');
    fc.assert(
      fc.property(cutAnywhere(bytes), (pieces) => {
        assert.equal(read(pieces), expected);
      }),
      { numRuns: 200 },
    );
  }
});
