import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lintConfig } from '../../src/schema/lint.ts';
import { entry, good } from './reading.ts';

/** The findings about a document, as `code: message`. */
function found(document: object): readonly string[] {
  return lintConfig(good(document)).map(({ code, message }) => `${code}: ${message}`);
}

const named = (name: string, params: object = {}): object => entry(params, { model_name: name });

test('aliases of one model with different contexts on one server are named once, whatever the number of servers', () => {
  const pair = (api_base: string): readonly object[] => [
    named('short', { api_base, num_ctx: 4096 }),
    named('long', { api_base, num_ctx: 16384 }),
  ];
  const [issue, ...more] = found({ model_list: [...pair('http://a:11434'), ...pair('http://b:11434')] });
  assert.match(issue ?? '', /^lint\.contexts: .* of phi3:mini .* 4096 for short and 16384 for long: .* evicts/);
  assert.deepEqual(more, []);
  // An alias without num_ctx has the server's default, another context.
  assert.match(
    found({ model_list: [named('a', { num_ctx: 8192 }), named('b')] })[0] ?? '',
    /8192 for a and none for b/,
  );
});

test('the same context, other models, other servers and other kinds of servers are no finding', () => {
  assert.deepEqual(found({ model_list: [named('a', { num_ctx: 8192 }), named('b', { num_ctx: 8192 })] }), []);
  assert.deepEqual(
    found({
      model_list: [
        named('a', { num_ctx: 8192 }),
        named('b', { num_ctx: 4096, model: 'ollama_chat/llama3:8b' }),
        named('c', { num_ctx: 2048, api_base: 'http://b:11434' }),
        named('d', { model: 'openai/phi3:mini', api_base: 'http://a:11434/v1' }),
      ],
    }),
    [],
  );
});

test('a circle of fallbacks is named once, of whatever length, and a chain is no circle', () => {
  const model_list = ['a', 'b', 'c', 'd'].map((name) => named(name));
  const circle = found({
    model_list,
    router_settings: { fallbacks: [{ a: ['b'] }, { b: ['d', 'c'] }, { c: ['a'] }] },
  });
  assert.equal(circle.length, 1);
  assert.match(circle[0] ?? '', /^lint\.fallbacks: .*the circle a → b → c → a: /);
  assert.match(
    found({ model_list, router_settings: { fallbacks: [{ a: ['b'] }, { b: ['a'] }] } })[0] ?? '',
    /the circle a → b → a/,
  );
  assert.deepEqual(
    found({ model_list, router_settings: { fallbacks: [{ a: ['b', 'c'] }, { b: ['c'] }, { c: ['d'] }] } }),
    [],
  );
});

test('a limit in which no model can be loaded is named, and 0 is no limit', () => {
  const timeouts = (values: object): readonly string[] => found({ hxllm: { timeouts: values } });
  assert.match(timeouts({ load: 10 })[0] ?? '', /^lint\.timeouts: expected at least 15 s, .* found 10: /);
  assert.match(timeouts({ total: 5 })[0] ?? '', /found 5: a request for a model that is not in memory fails/);
  assert.deepEqual(timeouts({ load: 15, total: 0 }), []);
});

test('one server by two written addresses is named', () => {
  const both = (one: string, other: string): readonly string[] =>
    found({ model_list: [named('a', { api_base: one }), named('a', { api_base: other })] });
  assert.match(
    both('http://localhost:11434', 'http://127.0.0.1:11434')[0] ?? '',
    /^lint\.one-server: .*http:\/\/localhost:11434 and http:\/\/127\.0\.0\.1:11434/,
  );
  assert.equal(both('http://gpu1:11434', 'http://gpu1.:11434').length, 1);
  assert.equal(both('http://[::1]:11434', 'http://127.0.0.2:11434').length, 1);
  assert.equal(both('http://0.0.0.0:11434', 'http://[::ffff:127.0.0.1]:11434').length, 1);
  assert.deepEqual(both('http://proxy/one', 'http://proxy/two'), []);
  assert.deepEqual(both('http://localhost:11434', 'http://localhost:11435'), []);
  assert.deepEqual(both('http://gpu1:11434', 'http://gpu2:11434'), []);
});

test('names that Ollama takes for one model are one model', () => {
  for (const [one, other] of [
    ['ollama/llama3', 'ollama_chat/llama3:latest'],
    ['ollama/Llama3:8B', 'ollama/library/llama3:8b'],
  ])
    assert.equal(
      found({ model_list: [named('a', { model: one, num_ctx: 4096 }), named('b', { model: other, num_ctx: 8192 })] })
        .length,
      1,
    );
});

test('fallbacks for every name are no circle, and those of long prompts may be one', () => {
  const model_list = ['a', 'b', 'c'].map((name) => named(name));
  assert.deepEqual(found({ model_list, router_settings: { default_fallbacks: ['a', 'b'] } }), []);
  assert.deepEqual(found({ model_list, router_settings: { fallbacks: [{ '*': ['a', 'b'] }] } }), []);
  const own = { default_fallbacks: ['c', 'a'], fallbacks: [{ a: ['b'] }, { b: ['a'] }] };
  assert.match(found({ model_list, router_settings: own })[0] ?? '', /the circle a → b → a: /);
  assert.match(
    found({ model_list, router_settings: { context_window_fallbacks: [{ a: ['b'] }, { b: ['a'] }] } })[0] ?? '',
    /^lint\.fallbacks: .*the circle a → b → a: /,
  );
});
