import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { ended, streamOf } from './parser.ts';
import { withoutIds } from './events.ts';
import { TEXT, HM, part, message } from './output-fixtures.ts';

const LO: ServerEvent = { kind: 'text', text: 'lo' };

const CALL: ServerEvent = { kind: 'tool-call', call: { id: 'call_1', name: 'f', arguments: { a: 1 } } };

/** The events of a stream, without those at its beginning and its end. */
function outputEventsOf(more: object, events: readonly ServerEvent[]): readonly unknown[] {
  return withoutIds(streamOf(more, events).slice(2, -1)) as readonly unknown[]; // an array stays an array
}

test('a text is told by its item, its part, its pieces, and the same backwards', () => {
  const place = { item_id: 'msg_', output_index: 0, content_index: 0 };
  assert.deepEqual(outputEventsOf({}, [TEXT, LO, ended()]), [
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { id: 'msg_', type: 'message', status: 'in_progress', content: [], role: 'assistant' },
    },
    { type: 'response.content_part.added', ...place, part: part('') },
    { type: 'response.output_text.delta', ...place, delta: 'Hel', logprobs: [] },
    { type: 'response.output_text.delta', ...place, delta: 'lo', logprobs: [] },
    { type: 'response.output_text.done', ...place, text: 'Hello', logprobs: [] },
    { type: 'response.content_part.done', ...place, part: part('Hello') },
    { type: 'response.output_item.done', output_index: 0, item: message('completed', 'Hello') },
  ]);
});

test('thoughts are told as they are, each item by its own index', () => {
  const place = { item_id: 'rs_', output_index: 0, content_index: 0 };
  const thought = (text: string): object => ({ type: 'reasoning_text', text });
  const events = outputEventsOf({}, [HM, HM, TEXT, ended()]);
  assert.deepEqual(events.slice(0, 7), [
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { id: 'rs_', type: 'reasoning', status: 'in_progress', summary: [], content: [] },
    },
    { type: 'response.content_part.added', ...place, part: thought('') },
    { type: 'response.reasoning_text.delta', ...place, delta: 'hm' },
    { type: 'response.reasoning_text.delta', ...place, delta: 'hm' },
    { type: 'response.reasoning_text.done', ...place, text: 'hmhm' },
    { type: 'response.content_part.done', ...place, part: thought('hmhm') },
    {
      type: 'response.output_item.done',
      output_index: 0,
      item: { id: 'rs_', type: 'reasoning', status: 'completed', summary: [], content: [thought('hmhm')] },
    },
  ]);
  assert.partialDeepStrictEqual(events.at(7), {
    type: 'response.output_item.added',
    output_index: 1,
    item: { type: 'message' },
  });
});

test('where a summary is asked for, thoughts are told in its place', () => {
  const place = { item_id: 'rs_', output_index: 0, summary_index: 0 };
  const thought = (text: string): object => ({ type: 'summary_text', text });
  assert.deepEqual(outputEventsOf({ reasoning: { summary: 'auto' } }, [HM, ended('length')]), [
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { id: 'rs_', type: 'reasoning', status: 'in_progress', summary: [] },
    },
    { type: 'response.reasoning_summary_part.added', ...place, part: thought('') },
    { type: 'response.reasoning_summary_text.delta', ...place, delta: 'hm' },
    { type: 'response.reasoning_summary_text.done', ...place, text: 'hm' },
    { type: 'response.reasoning_summary_part.done', ...place, part: thought('hm') },
    {
      type: 'response.output_item.done',
      output_index: 0,
      item: { id: 'rs_', type: 'reasoning', status: 'incomplete', summary: [thought('hm')] },
    },
  ]);
});

test('a call is told whole, under the id that the server gave it, and closes what was open', () => {
  const item = {
    id: 'fc_',
    type: 'function_call',
    status: 'completed',
    arguments: '{"a":1}',
    call_id: 'call_1',
    name: 'f',
  };
  const place = { item_id: 'fc_', output_index: 1 };
  const events = outputEventsOf({ tools: [{ type: 'function', name: 'f' }] }, [TEXT, CALL, ended('tool-calls')]);
  assert.partialDeepStrictEqual(events.at(5), {
    type: 'response.output_item.done',
    output_index: 0,
    item: { status: 'completed' },
  });
  assert.deepEqual(events.slice(6), [
    { type: 'response.output_item.added', output_index: 1, item: { ...item, status: 'in_progress', arguments: '' } },
    { type: 'response.function_call_arguments.delta', ...place, delta: '{"a":1}' },
    { type: 'response.function_call_arguments.done', ...place, arguments: '{"a":1}', name: 'f' },
    { type: 'response.output_item.done', output_index: 1, item },
  ]);
});

test('free text for a tool has its own events', () => {
  const call: ServerEvent = {
    kind: 'tool-call',
    call: { id: 'call_1', name: 'sql', arguments: { input: 'select 1' } },
  };
  assert.deepEqual(
    outputEventsOf({ tools: [{ type: 'custom', name: 'sql' }] }, [call, ended('tool-calls')]).slice(1, 3),
    [
      { type: 'response.custom_tool_call_input.delta', item_id: 'ctc_', output_index: 0, delta: 'select 1' },
      { type: 'response.custom_tool_call_input.done', item_id: 'ctc_', output_index: 0, input: 'select 1' },
    ],
  );
});

test('probabilities come with their pieces, and all of them at the end', () => {
  const token = (text: string): object => ({ token: text, logprob: -1, bytes: null, top_logprobs: [] });
  const events = outputEventsOf({ top_logprobs: 1 }, [
    { kind: 'text', text: 'a', logprobs: [token('a')] },
    { kind: 'text', text: 'b', logprobs: [token('b')] },
    ended(),
  ]);
  assert.partialDeepStrictEqual(events.slice(1, 5), [
    { part: { logprobs: [] } },
    { delta: 'a', logprobs: [token('a')] },
    { delta: 'b', logprobs: [token('b')] },
    { logprobs: [token('a'), token('b')] },
  ]);
});
