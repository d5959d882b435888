import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { ChatChunks } from '../../../../src/gateway/api/openai/chat-chunks.ts';
import { streamEnd } from '../../../../src/gateway/api/openai/stream-end.ts';
import { completionUsage } from '../../../../src/gateway/api/openai/usage.ts';

const HEAD = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'alias' } as const;
const USAGE = { promptTokens: 7, completionTokens: 3 };
const END: ServerEvent = { kind: 'end', reason: 'stop', usage: USAGE };

/** Parses the stream strictly by the specification, as a client does. */
function parse(text: string): readonly unknown[] {
  assert.ok(text.endsWith('\n\n'));
  return text
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      assert.match(event, /^data: [^\n\r]*$/, 'one data line for each event, and nothing else');
      const data = event.slice('data: '.length);
      return data === '[DONE]' ? data : JSON.parse(data);
    });
}

function write(events: readonly ServerEvent[], includeUsage: boolean): readonly unknown[] {
  const stream = { head: HEAD, includeUsage };
  const chunks = new ChatChunks(stream, 0);
  return parse(events.map((event) => chunks.encode(event)).join('') + streamEnd(stream, completionUsage([USAGE])));
}

const chunk = (choices: readonly unknown[], more: object = {}): object => ({ ...HEAD, choices, ...more });
const delta = (given: object, finish: string | null = null): object => ({
  index: 0,
  delta: given,
  finish_reason: finish,
});

test('a stream is the role, the pieces, the reason, [DONE]', () => {
  assert.deepEqual(write([{ kind: 'text', text: 'a\n"ü' }, END], false), [
    chunk([delta({ role: 'assistant', content: '' })]),
    chunk([delta({ content: 'a\n"ü' })]),
    chunk([delta({}, 'stop')]),
    '[DONE]',
  ]);
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
  assert.deepEqual(write([END], false), [
    chunk([delta({ role: 'assistant', content: '' })]),
    chunk([delta({}, 'stop')]),
    '[DONE]',
  ]);
});

test('calls are counted up, each whole in its chunk', () => {
  const call = (id: string, name: string): ServerEvent => ({
    kind: 'tool-call',
    call: { id, name, arguments: { a: 1 } },
  });
  const made = (index: number, id: string, name: string): object =>
    chunk([delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '{"a":1}' } }] })]);
  assert.deepEqual(
    write([call('call_1', 'f'), call('call_2', 'g'), { kind: 'end', reason: 'tool-calls', usage: USAGE }], false).slice(
      1,
    ),
    [made(0, 'call_1', 'f'), made(1, 'call_2', 'g'), chunk([delta({}, 'tool_calls')]), '[DONE]'],
  );
});

test('chunks of a server that speaks the same get our head, and no second reason', () => {
  const body = {
    id: 'chatcmpl-7',
    created: 1,
    model: 'theirs',
    choices: [delta({ content: 'a' }, 'stop')],
    usage: { prompt_tokens: 1 },
  };
  assert.deepEqual(write([{ kind: 'verbatim', body }, END], false), [
    chunk([delta({ content: 'a' }, 'stop')]),
    '[DONE]',
  ]);
});

test('each event is one line of JSON, and the chunks add up to the whole text', () => {
  const event: fc.Arbitrary<ServerEvent> = fc.oneof(
    fc.string({ unit: 'binary' }).map((text): ServerEvent => ({ kind: 'text', text })),
    fc.string({ unit: 'binary' }).map((text): ServerEvent => ({ kind: 'thinking', text })),
  );
  fc.assert(
    fc.property(fc.array(event), fc.boolean(), (events, includeUsage) => {
      const said = (kind: string): string =>
        events.flatMap((one) => (one.kind === kind && 'text' in one ? [one.text] : [])).join('');
      const seen = write([...events, END], includeUsage).filter((one) => typeof one === 'object') as {
        choices: { delta: { content?: string; reasoning_content?: string } }[];
      }[];
      assert.equal(seen.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), said('text'));
      assert.equal(seen.map(({ choices }) => choices[0]?.delta.reasoning_content ?? '').join(''), said('thinking'));
    }),
    { numRuns: 200 },
  );
});

test('calls that a server numbers wrongly are told apart by their ids, and end with tool_calls', () => {
  const call = (more: object): ServerEvent => ({
    kind: 'verbatim',
    body: { choices: [delta({ tool_calls: [{ index: 0, ...more }] })] },
  });
  const events = [
    call({ id: 'call_1', function: { name: 'f', arguments: '' } }),
    call({ function: { arguments: '{"a":' } }),
    call({ function: { arguments: '1}' } }),
    call({ id: 'call_2', function: { name: 'g', arguments: '{}' } }),
    call({ function: { arguments: '' } }),
  ];
  const end: ServerEvent = { kind: 'verbatim', body: { choices: [delta({}, 'stop')] } };
  const seen = write([...events, end, END], false).slice(0, -1) as {
    choices: { delta: { tool_calls?: { index: number }[] }; finish_reason: string | null }[];
  }[];
  assert.deepEqual(
    seen.map(({ choices: [choice] }) => choice?.delta.tool_calls?.[0]?.index ?? choice?.finish_reason),
    [0, 0, 0, 1, 1, 'tool_calls'],
  );
});

test('calls that a server numbers rightly keep their numbers, also where their pieces are mixed', () => {
  const call = (index: number, more: object): ServerEvent => ({
    kind: 'verbatim',
    body: { choices: [delta({ tool_calls: [{ index, ...more }] })] },
  });
  const events = [
    call(0, { id: 'a', function: { name: 'f' } }),
    call(1, { id: 'b', function: { name: 'g' } }),
    call(0, { function: { arguments: '{}' } }),
    call(1, { function: { arguments: '{}' } }),
  ];
  const seen = write([...events, END], false).slice(0, 4) as {
    choices: { delta: { tool_calls: { index: number }[] } }[];
  }[];
  assert.deepEqual(
    seen.map(({ choices }) => choices[0]?.delta.tool_calls[0]?.index),
    [0, 1, 0, 1],
  );
});

test('calls to which a server gives no ids are told apart by its numbers', () => {
  const call = (index: number, more: object): ServerEvent => ({
    kind: 'verbatim',
    body: { choices: [delta({ tool_calls: [{ index, ...more }] })] },
  });
  const events = [
    call(0, { function: { name: 'f', arguments: '{' } }),
    call(0, { id: '', function: { arguments: '}' } }),
    call(1, { function: { name: 'g', arguments: '{' } }),
    call(1, { function: { arguments: '}' } }),
  ];
  const seen = write([...events, END], false).slice(0, 4) as {
    choices: { delta: { tool_calls: { index: number }[] } }[];
  }[];
  assert.deepEqual(
    seen.map(({ choices }) => choices[0]?.delta.tool_calls[0]?.index),
    [0, 0, 1, 1],
  );
});

test('reasoning is shown as reasoning_content, whatever a server calls it', () => {
  const [seen] = write(
    [{ kind: 'verbatim', body: { choices: [delta({ role: 'assistant', reasoning: 'hm' })] } }, END],
    false,
  );
  assert.deepEqual(seen, chunk([delta({ role: 'assistant', reasoning: 'hm', reasoning_content: 'hm' })]));
});
