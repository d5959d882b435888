import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServerEvent } from '../../../src/gateway/exchange.ts';
import { ChatChunks } from '../../../src/gateway/openai/chat-chunks.ts';

const HEAD = { id: 'chatcmpl-1', created: 1_700_000_000, model: 'alias' };
const USAGE = { promptTokens: 7, completionTokens: 3 };
const END: ServerEvent = { kind: 'end', reason: 'stop', usage: USAGE };

/** The stream as a client reads it, by the letter of the specification. */
function parse(text: string): readonly unknown[] {
  assert.ok(text.endsWith('\n\n'));
  return text.slice(0, -2).split('\n\n').map((event) => {
    assert.match(event, /^data: [^\n\r]*$/, 'one data line for each event, and nothing else');
    const data = event.slice('data: '.length);
    return data === '[DONE]' ? data : JSON.parse(data);
  });
}

function write(events: readonly ServerEvent[], includeUsage: boolean): readonly unknown[] {
  const chunks = new ChatChunks(HEAD, includeUsage);
  return parse(events.map((event) => chunks.write(event)).join(''));
}

const chunk = (choices: readonly unknown[], more: object = {}): object => ({ id: HEAD.id, object: 'chat.completion.chunk', created: HEAD.created, model: HEAD.model, choices, ...more });
const delta = (given: object, finish: string | null = null): object => ({ index: 0, delta: given, finish_reason: finish });

test('a stream is the role, the pieces, the reason, [DONE]', () => {
  assert.deepEqual(write([{ kind: 'text', text: 'a\n"ü' }, END], false), [chunk([delta({ role: 'assistant', content: '' })]), chunk([delta({ content: 'a\n"ü' })]), chunk([delta({}, 'stop')]), '[DONE]']);
});

test('with usage every chunk says null, and one more without choices says how much', () => {
  const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
  assert.deepEqual(write([{ kind: 'text', text: 'a' }, END], true), [
    chunk([delta({ role: 'assistant', content: '' })], { usage: null }),
    chunk([delta({ content: 'a' })], { usage: null }),
    chunk([delta({}, 'stop')], { usage: null }),
    chunk([], { usage }),
    '[DONE]',
  ]);
});

test('an answer without a word still has its role and its reason', () => {
  assert.deepEqual(write([END], false), [chunk([delta({ role: 'assistant', content: '' })]), chunk([delta({}, 'stop')]), '[DONE]']);
});

test('calls are counted up, each whole in its chunk', () => {
  const call = (id: string, name: string): ServerEvent => ({ kind: 'tool-call', call: { id, name, arguments: { a: 1 } } });
  const made = (index: number, id: string, name: string): object => chunk([delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '{"a":1}' } }] })]);
  assert.deepEqual(write([call('call_1', 'f'), call('call_2', 'g'), { kind: 'end', reason: 'tool-calls', usage: USAGE }], false).slice(1), [made(0, 'call_1', 'f'), made(1, 'call_2', 'g'), chunk([delta({}, 'tool_calls')]), '[DONE]']);
});

test('chunks of a server that speaks the same get our head, and no second reason', () => {
  const body = { id: 'chatcmpl-7', created: 1, model: 'theirs', choices: [delta({ content: 'a' }, 'stop')], usage: { prompt_tokens: 1 } };
  assert.deepEqual(write([{ kind: 'verbatim', body }, END], false), [{ id: HEAD.id, created: HEAD.created, model: HEAD.model, choices: [delta({ content: 'a' }, 'stop')] }, '[DONE]']);
});

test('whatever is said, each event is one line of JSON, and the text of a stream is the text that was said', () => {
  const event: fc.Arbitrary<ServerEvent> = fc.oneof(
    fc.string({ unit: 'binary' }).map((text): ServerEvent => ({ kind: 'text', text })),
    fc.string({ unit: 'binary' }).map((text): ServerEvent => ({ kind: 'thinking', text })),
  );
  fc.assert(
    fc.property(fc.array(event), fc.boolean(), (events, includeUsage) => {
      const said = (kind: string): string => events.flatMap((one) => (one.kind === kind && 'text' in one ? [one.text] : [])).join('');
      const seen = write([...events, END], includeUsage).filter((one) => typeof one === 'object') as { choices: { delta: { content?: string; reasoning_content?: string } }[] }[];
      assert.equal(seen.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), said('text'));
      assert.equal(seen.map(({ choices }) => choices[0]?.delta.reasoning_content ?? '').join(''), said('thinking'));
    }),
    { numRuns: 200 },
  );
});
