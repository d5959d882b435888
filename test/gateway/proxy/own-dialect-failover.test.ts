import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, fails, piece, startFake, type Behaviour, type FakeUpstream } from '../fake-upstream.ts';
import { startGateway, type Running } from '../running.ts';
import { answers, entry, HI, post, said, type Json } from './own-dialect-stage.ts';

const URL_OF_IMAGE = 'https://example.org/a.png';

// A plain request of each API, and one that Ollama cannot serve.
const PLAIN: readonly (readonly [path: string, body: Json])[] = [
  ['/v1/chat/completions', HI],
  ['/v1/completions', { prompt: 'hi' }],
  ['/v1/responses', { input: 'hi' }],
  ['/v1/messages', { ...HI, max_tokens: 9 }],
  ['/api/chat', HI],
  ['/api/generate', { prompt: 'hi' }],
  ['/v1/embeddings', { input: 'hi' }],
  ['/api/embed', { input: 'hi' }],
];
const FOREIGN: readonly (readonly [path: string, body: Json])[] = [
  ['/v1/chat/completions', said([{ type: 'image_url', image_url: { url: URL_OF_IMAGE } }])],
  ['/v1/completions', { prompt: [1, 2, 3] }],
  ['/v1/responses', { input: said([{ type: 'input_image', image_url: URL_OF_IMAGE }])['messages'] }],
  ['/v1/messages', { ...said([{ type: 'image', source: { type: 'url', url: URL_OF_IMAGE } }]), max_tokens: 9 }],
  ['/v1/embeddings', { input: [1, 2, 3] }],
];

/** Answers as Ollama does, on each of its paths. */
const ollama: Behaviour = ({ path }, outgoing) => {
  if (path === '/api/embed') outgoing.end('{"embeddings":[[1,2]]}');
  else if (path === '/api/generate') outgoing.end('{"response":"a","done":false}\n{"response":"","done":true}\n');
  else outgoing.end(piece('native') + DONE);
};

/** Sends a request whole and as a stream, and checks the servers that answered. */
async function ask(
  gateway: Running,
  [path, body]: readonly [path: string, body: Json],
  [asked, idle]: readonly [FakeUpstream, FakeUpstream],
): Promise<void> {
  for (const stream of path.includes('embed') ? [{}] : [{ stream: false }, { stream: true }]) {
    const before = [asked.requests.length, idle.requests.length] as const;
    const response = await post(gateway, path, { ...body, ...stream });
    const text = await response.text();
    const what = `${path} ${JSON.stringify({ ...body, ...stream })}: ${text}`;
    assert.equal(response.status, 200, what);
    assert.deepEqual([asked.requests.length > before[0], idle.requests.length - before[1]], [true, 0], what);
  }
}

const GONE = { url: 'http://127.0.0.1:1' } as FakeUpstream; // Only its address is read.

for (const [title, models] of [
  [
    'a mixed alias',
    (other: FakeUpstream) => ({ model_list: [entry('ollama_chat/m', GONE), entry('openai/m', other)] }),
  ],
  [
    'an Ollama alias with an openai/ fallback',
    (other: FakeUpstream) => ({
      model_list: [entry('ollama_chat/m', GONE), entry('openai/f', other, 'f')],
      router_settings: { fallbacks: [{ m: ['f'] }] },
    }),
  ],
] as const)
  test(`${title} whose Ollama server is down is served by the other one, in every API`, async () => {
    await using other = await startFake(answers);
    await using idle = await startFake();
    await using gateway = await startGateway([], models(other));
    for (const request of [...PLAIN, ...FOREIGN]) await ask(gateway, request, [other, idle]);
  });

test('an Ollama alias with an openai/ fallback gives it only the requests that Ollama cannot serve', async () => {
  await using native = await startFake(ollama);
  await using other = await startFake(answers);
  await using gateway = await startGateway([], {
    model_list: [entry('ollama_chat/m', native), entry('openai/f', other, 'f')],
    router_settings: { fallbacks: [{ m: ['f'] }] },
  });
  for (const request of PLAIN) await ask(gateway, request, [native, other]);
  for (const request of FOREIGN) await ask(gateway, request, [other, native]);
});

test('a mixed alias whose openai/ server is down serves what Ollama can, and the rest is no fault of the request', async () => {
  await using native = await startFake(ollama);
  await using idle = await startFake();
  await using gateway = await startGateway([], {
    model_list: [entry('openai/m', GONE), entry('ollama_chat/m', native)],
  });
  for (const request of PLAIN) await ask(gateway, request, [native, idle]);
  const asked = native.requests.length;
  for (const [path, body] of FOREIGN) {
    const response = await post(gateway, path, body);
    assert.equal(response.status, path === '/v1/messages' ? 529 : 503, `${path}: ${await response.text()}`);
  }
  assert.equal(native.requests.length, asked);
});

test('of a fallback with both kinds of servers, a request that Ollama cannot serve goes to the openai/ server', async () => {
  await using native = await startFake(ollama);
  await using other = await startFake(answers);
  await using gateway = await startGateway([], {
    model_list: [
      entry('ollama_chat/m', native),
      entry('ollama_chat/f', native, 'f'),
      entry('ollama_chat/f2', native, 'f'),
      entry('openai/f', other, 'f'),
    ],
    router_settings: { fallbacks: [{ m: ['f'] }] },
  });
  const warm = await gateway.chat({ model: 'f' }, { headers: { 'x-hxllm-backend': native.url } });
  assert.equal(warm.status, 200, 'the Ollama server has a model of the fallback in memory');
  await warm.text();
  for (const request of FOREIGN) await ask(gateway, request, [other, native]);
});

test('an openai/ alias that fails never gives an Ollama fallback a request that Ollama cannot serve', async () => {
  await using broken = await startFake(fails(500, 'broken'));
  await using native = await startFake(ollama);
  await using other = await startFake(answers);
  await using gateway = await startGateway([], {
    model_list: [
      entry('openai/m', broken),
      entry('openai/only', broken, 'only'),
      entry('ollama_chat/f', native, 'f'),
      entry('ollama_chat/g', native, 'g'),
      entry('openai/g', other, 'g'),
    ],
    router_settings: { fallbacks: [{ m: ['f', 'g'] }, { only: ['f'] }], num_retries: 0 },
  });
  for (const [path, body] of FOREIGN)
    for (const stream of path.includes('embed') ? [{}] : [{ stream: false }, { stream: true }]) {
      const what = `${path} ${JSON.stringify({ ...body, ...stream })}`;
      const served = await post(gateway, path, { ...body, ...stream });
      const text = await served.text();
      assert.equal(served.status, 200, `${what}: ${text}`);
      assert.equal(served.headers.get('x-hxllm-backend'), other.url, what);
      const refused = await post(gateway, path, { ...body, ...stream, model: 'only' });
      assert.equal(refused.status, 502, `${what}: ${await refused.text()}`);
    }
  assert.equal(native.requests.length, 0);
});
