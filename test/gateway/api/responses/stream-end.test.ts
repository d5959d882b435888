import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ended, parsedRequestOf, streamOf, bodyOf } from './parser.ts';
import { parseStream, responseIn, withoutIds } from './events.ts';
import { TEXT, HM, message } from './output-fixtures.ts';

test('it begins with the response as it was asked for, twice, and ends with all of it', () => {
  const more = {
    instructions: 'be short',
    temperature: 0.5,
    metadata: { a: 'b' },
    max_output_tokens: 9,
    tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }],
    store: true,
  };
  const events = streamOf(more, [TEXT, ended()]);
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
  assert.deepEqual(withoutIds(bodyOf(more, [TEXT, ended()])), whole);
});

test('an answer that was cut off says so, in its end, its items and its details', () => {
  const last = streamOf({}, [HM, TEXT, ended('length')]).at(-1);
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
  assert.deepEqual(withoutIds(responseIn(streamOf({}, [ended()]).at(-1)).output), [message('completed', '')]);
  assert.deepEqual(withoutIds(responseIn(streamOf({}, [HM, ended()]).at(-1)).output[1]), message('completed', ''));
  assert.deepEqual(responseIn(streamOf({}, [ended('length')]).at(-1)).output, []);
});

test('a failure in the middle is told by an error and by a response that has failed, with the numbers going on', () => {
  const parsedRequest = parsedRequestOf({ stream: true });
  const encoder = parsedRequest.subrequests[0]?.encoder();
  const failure = { kind: 'upstream', code: 'backend_failed', message: 'it died' } as const;
  const events = parseStream(`${encoder?.encode(TEXT) ?? ''}${parsedRequest.errorFrame?.(failure) ?? ''}`);
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
  const events = parseStream(frame);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['response.created', 'response.in_progress', 'error', 'response.failed'],
  );
  assert.deepEqual(
    [events[2]?.['param'], responseIn(events[3])['error']],
    ['input', { code: 'context_length_exceeded', message: 'too long' }],
  );
});
