import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, parsedRequestOf, failureOf } from './parser.ts';

test('sampling parameters get the names that servers know', () => {
  assert.partialDeepStrictEqual(
    chatOf({
      temperature: 0.5,
      top_p: 0.9,
      seed: 7,
      max_output_tokens: 20,
      top_logprobs: 3,
      include: ['message.output_text.logprobs'],
      reasoning: { effort: 'minimal' },
    }),
    {
      sampling: { temperature: 0.5, top_p: 0.9, seed: 7 },
      maxTokens: 20,
      logprobs: 3,
      thinking: 'low',
      format: undefined,
      original: undefined,
    },
  );
  assert.deepEqual(
    [
      chatOf({ reasoning: { effort: 'none' } }).thinking,
      chatOf({ reasoning: { summary: 'auto' } }).thinking,
      chatOf({ include: ['message.output_text.logprobs'] }).logprobs,
    ],
    [false, undefined, 0],
  );
});

test('a format is plain text, any JSON, or a schema', () => {
  const schema = { type: 'object', properties: { a: { type: 'number' } } };
  assert.deepEqual(
    chatOf({ text: { format: { type: 'json_schema', name: 's', schema, strict: true } } }).format,
    schema,
  );
  assert.equal(chatOf({ text: { format: { type: 'json_object' } } }).format, 'json');
  assert.equal(chatOf({ text: { format: { type: 'text' }, verbosity: 'medium' } }).format, undefined);
  assert.equal(failureOf({ text: { format: { type: 'json_schema', name: 's' } } }).param, 'text.format.schema');
  assert.equal(failureOf({ text: { format: { type: 'yaml' } } }).param, 'text.format.type');
});

const KEPT: readonly (readonly [object, RegExp])[] = [
  [{ previous_response_id: 'resp_1' }, /stores no responses; send the whole conversation in 'input'/],
  [{ conversation: 'conv_1' }, /stores no conversations/],
  [{ conversation: { id: 'conv_1' } }, /stores no conversations/],
  [{ prompt: { id: 'pmpt_1' } }, /stores no prompt templates/],
  [{ background: true }, /stores no responses, so this one could not be fetched later/],
];

for (const [more, message] of KEPT) {
  test(`${JSON.stringify(more)} is refused by name`, () => {
    const failure = failureOf(more);
    assert.deepEqual(
      [failure.kind, failure.code, failure.param],
      ['invalid', 'unsupported_parameter', Object.keys(more)[0]],
    );
    assert.match(failure.message, message);
  });
}

const IGNORED: readonly (readonly [object, readonly string[]])[] = [
  [
    {
      store: false,
      truncation: 'disabled',
      background: false,
      previous_response_id: null,
      service_tier: 'auto',
      parallel_tool_calls: true,
      text: { verbosity: 'medium' },
      metadata: { a: 'b' },
      user: 'u',
      prompt_cache_key: 'k',
      safety_identifier: 's',
      include: ['web_search_call.action.sources'],
    },
    [],
  ],
  [{ store: true }, ['store']],
  [{ truncation: 'auto' }, ['truncation']],
  [{ text: { verbosity: 'low' } }, ['text.verbosity']],
  [{ include: ['reasoning.encrypted_content'] }, ['include.reasoning.encrypted_content']],
  [{ context_management: [{ type: 'compaction' }], moderation: { model: 'm' } }, ['context_management', 'moderation']],
  [{ service_tier: 'flex' }, ['service_tier']],
];

for (const [more, names] of IGNORED) {
  test(`of ${JSON.stringify(more).slice(0, 60)} this is named as ignored: ${names.join(', ') || 'nothing'}`, () => {
    assert.deepEqual(parsedRequestOf(more).ignoredParams, names);
  });
}

const WRONG: readonly (readonly [object, string])[] = [
  [{ model: '' }, 'model'],
  [{ temperature: 3 }, 'temperature'],
  [{ max_output_tokens: 0 }, 'max_output_tokens'],
  [{ max_output_tokens: 'ten' }, 'max_output_tokens'],
  [{ reasoning: { effort: 'a lot' } }, 'reasoning.effort'],
  [{ truncation: 'some' }, 'truncation'],
  [{ top_logprobs: 21 }, 'top_logprobs'],
  [{ include: [1] }, 'include'],
  [{ metadata: { a: 1 } }, 'metadata'],
  [{ stream_options: {} }, 'stream_options'],
  [{ instructions: ['x'] }, 'instructions'],
];

for (const [more, param] of WRONG) {
  test(`${JSON.stringify(more)} is refused for ${param}`, () => {
    assert.deepEqual([failureOf(more).kind, failureOf(more).param], ['invalid', param]);
  });
}
