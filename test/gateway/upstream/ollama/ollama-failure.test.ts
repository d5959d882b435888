import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ollamaCompletion, ollamaEmbed } from '../../../../src/gateway/upstream/ollama/call.ts';
import { ollamaFailure } from '../../../../src/gateway/upstream/ollama/ollama-failure.ts';

const ROWS: readonly (readonly [status: number, error: string, kind: string, fault: string, code: string | null])[] = [
  [400, 'the input length exceeds the context length', 'invalid', 'request', 'context_length_exceeded'],
  [404, "model 'x' not found", 'not-found', 'deployment', 'model_not_found'],
  [503, 'server busy, please try again.  maximum pending requests exceeded', 'overloaded', 'busy', 'backend_busy'],
  [500, 'unexpected server status: llm server loading model', 'overloaded', 'busy', 'model_loading'],
  [400, 'registry.ollama.ai/library/m:latest does not support tools', 'invalid', 'request', 'tools_not_supported'],
  [400, '"m" does not support thinking', 'invalid', 'request', 'reasoning_not_supported'],
  [500, 'option "temperature" must be of type float32', 'invalid', 'request', null],
  [500, 'failed to marshal data: json: unsupported value: +Inf', 'invalid', 'request', null],
  [500, 'template: :1: unclosed action', 'invalid', 'request', null],
  [500, 'undefined template specified', 'invalid', 'request', null],
  [500, 'invalid JSON schema in format', 'invalid', 'request', 'schema_not_supported'],
  [400, 'think value "low" is not supported for this model', 'invalid', 'request', 'effort_not_supported'],
  [400, 'registry.ollama.ai/library/m:latest does not support insert', 'invalid', 'request', 'suffix_not_supported'],
  [
    500,
    'model runner has unexpectedly stopped, this may be due to resource limitations',
    'upstream',
    'deployment',
    'backend_failed',
  ],
  [500, 'llama runner process has terminated: signal: killed', 'upstream', 'deployment', 'backend_failed'],
  [
    500,
    'model requires more system memory (37.7 GiB) than is available (21.4 GiB)',
    'upstream',
    'deployment',
    'backend_failed',
  ],
  [429, 'slow down', 'overloaded', 'busy', 'backend_busy'],
  [401, 'unauthorized', 'upstream', 'deployment', 'backend_failed'],
  [502, 'any text of a proxy', 'upstream', 'deployment', 'backend_failed'],
];

for (const [status, error, kind, fault, code] of ROWS) {
  test(`${String(status)} "${error}" is ${kind}, at fault: ${fault}`, () => {
    const failure = ollamaFailure(status, JSON.stringify({ error }));
    assert.deepEqual([failure.kind, failure.fault, failure.code, failure.message], [kind, fault, code, error]);
  });
}

test('an answer without a reason, or one that is not JSON, still becomes a message', () => {
  assert.match(ollamaFailure(500, '').message, /answered 500 without a reason/);
  assert.equal(ollamaFailure(404, '404 page not found').message, '404 page not found');
});

test('an input that is too long is called by its own name where texts are embedded or completed', () => {
  const call = ollamaEmbed(
    { model: 'e', input: ['x'], dimensions: undefined, base64: false, original: {} },
    { model: 'e', keepAlive: undefined, options: {} },
  );
  assert.partialDeepStrictEqual(call.fail(400, '{"error":"the input length exceeds the context length"}'), {
    code: 'context_length_exceeded',
    param: 'input',
  });
  const text = {
    model: 'e',
    prompt: 'x',
    suffix: undefined,
    raw: false,
    sampling: {},
    stop: [],
    maxTokens: 1,
    thinking: undefined,
    logprobs: undefined,
    stream: false,
    includeUsage: false,
    thinkingName: 'think',
    original: {},
  };
  assert.partialDeepStrictEqual(
    ollamaCompletion(text, { model: 'e', keepAlive: undefined, options: {} }).fail(
      400,
      '{"error":"the input length exceeds the context length"}',
    ),
    { code: 'context_length_exceeded', param: 'prompt' },
  );
});
