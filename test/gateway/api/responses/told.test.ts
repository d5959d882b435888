import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { ended, parsedRequestOf, toldOf, wholeOf } from './asking.ts';
import { parseTold, responseIn, withoutIds } from './events.ts';

const TEXT: ServerEvent = { kind: 'text', text: 'Hel' };
const LO: ServerEvent = { kind: 'text', text: 'lo' };
const HM: ServerEvent = { kind: 'thinking', text: 'hm' };
const CALL: ServerEvent = { kind: 'tool-call', call: { id: 'call_1', name: 'f', arguments: { a: 1 } } };

const part = (text: string): object => ({ type: 'output_text', annotations: [], logprobs: [], text });
const message = (status: string, text: string): object => ({
  id: 'msg_',
  type: 'message',
  status,
  content: [part(text)],
  role: 'assistant',
});

/** What is told between the beginning and the end. */
function middleOf(more: object, said: readonly ServerEvent[]): readonly unknown[] {
  return withoutIds(toldOf(more, said).slice(2, -1)) as readonly unknown[]; // as long as what went in
}

test('a text is told by its item, its part, its pieces, and the same backwards', () => {
  const place = { item_id: 'msg_', output_index: 0, content_index: 0 };
  assert.deepEqual(middleOf({}, [TEXT, LO, ended()]), [
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
  const events = middleOf({}, [HM, HM, TEXT, ended()]);
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
  assert.deepEqual(middleOf({ reasoning: { summary: 'auto' } }, [HM, ended('length')]), [
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
  const events = middleOf({ tools: [{ type: 'function', name: 'f' }] }, [TEXT, CALL, ended('tool-calls')]);
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
  assert.deepEqual(middleOf({ tools: [{ type: 'custom', name: 'sql' }] }, [call, ended('tool-calls')]).slice(1, 3), [
    { type: 'response.custom_tool_call_input.delta', item_id: 'ctc_', output_index: 0, delta: 'select 1' },
    { type: 'response.custom_tool_call_input.done', item_id: 'ctc_', output_index: 0, input: 'select 1' },
  ]);
});

test('probabilities come with their pieces, and all of them at the end', () => {
  const token = (text: string): object => ({ token: text, logprob: -1, bytes: null, top_logprobs: [] });
  const events = middleOf({ top_logprobs: 1 }, [
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

test('it begins with the response as it was asked for, twice, and ends with all of it', () => {
  const more = {
    instructions: 'be short',
    temperature: 0.5,
    metadata: { a: 'b' },
    max_output_tokens: 9,
    tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }],
    store: true,
  };
  const events = toldOf(more, [TEXT, ended()]);
  const [created, progress] = events;
  assert.deepEqual(
    [created?.type, progress?.type, events.at(-1)?.type],
    ['response.created', 'response.in_progress', 'response.completed'],
  );
  assert.deepEqual(responseIn(created), responseIn(progress));
  const settings = {
    access_programs: null,
    background: false,
    instructions: 'be short',
    max_output_tokens: 9,
    max_tool_calls: null,
    parallel_tool_calls: true,
    previous_response_id: null,
    prompt_cache_key: null,
    reasoning: { effort: null, summary: null },
    safety_identifier: null,
    service_tier: 'default',
    store: false,
    temperature: 0.5,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [{ type: 'function', name: 'f', parameters: null, strict: null }],
    top_logprobs: 0,
    top_p: null,
    truncation: 'disabled',
    user: null,
    metadata: { a: 'b' },
  };
  const head = {
    id: 'resp_',
    object: 'response',
    created_at: 1_700_000_000,
    error: null,
    incomplete_details: null,
    model: 'm',
    ...settings,
  };
  assert.deepEqual(withoutIds(responseIn(created)), { ...head, status: 'in_progress', output: [], usage: null });
  const usage = {
    input_tokens: 5,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: 3,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 8,
  };
  const whole = { ...head, status: 'completed', output: [message('completed', 'Hel')], usage };
  assert.deepEqual(withoutIds(responseIn(events.at(-1))), whole);
  assert.deepEqual(withoutIds(wholeOf(more, [TEXT, ended()])), whole);
});

test('an answer that was cut off says so, in its end, its items and its details', () => {
  const last = toldOf({}, [HM, TEXT, ended('length')]).at(-1);
  assert.equal(last?.type, 'response.incomplete');
  assert.partialDeepStrictEqual(responseIn(last), {
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    output: [
      { type: 'reasoning', status: 'completed' },
      { type: 'message', status: 'incomplete' },
    ],
    usage: { output_tokens_details: { reasoning_tokens: 1 } },
  });
});

test('an answer that says nothing has an empty message, unless it was cut off', () => {
  assert.deepEqual(withoutIds(responseIn(toldOf({}, [ended()]).at(-1)).output), [message('completed', '')]);
  assert.deepEqual(withoutIds(responseIn(toldOf({}, [HM, ended()]).at(-1)).output[1]), message('completed', ''));
  assert.deepEqual(responseIn(toldOf({}, [ended('length')]).at(-1)).output, []);
});

test('a failure in the middle is told by an error and by a response that has failed, with the numbers going on', () => {
  const order = parsedRequestOf({ stream: true });
  const encoder = order.subrequests[0]?.encoder();
  const failure = { kind: 'upstream', code: 'backend_failed', message: 'it died' } as const;
  const events = parseTold(`${encoder?.encode(TEXT) ?? ''}${order.errorFrame?.(failure) ?? ''}`);
  const [error, failed] = events.slice(-2);
  assert.deepEqual(error, {
    type: 'error',
    code: 'backend_failed',
    message: 'it died',
    param: null,
    error: { message: 'it died', type: 'server_error', param: null, code: 'backend_failed' },
  });
  assert.equal(failed?.type, 'response.failed');
  assert.partialDeepStrictEqual(responseIn(failed), {
    status: 'failed',
    error: { code: 'server_error', message: 'it died' },
    output: [{ type: 'message', status: 'incomplete', content: [{ text: 'Hel' }] }],
  });
});

test('a failure before anything was told comes behind the beginning', () => {
  const frame =
    parsedRequestOf({ stream: true }).errorFrame?.({
      kind: 'invalid',
      code: 'context_length_exceeded',
      message: 'too long',
      param: 'messages',
    }) ?? '';
  const events = parseTold(frame);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['response.created', 'response.in_progress', 'error', 'response.failed'],
  );
  assert.deepEqual(
    [events[2]?.['param'], responseIn(events[3])['error']],
    ['input', { code: 'context_length_exceeded', message: 'too long' }],
  );
});
