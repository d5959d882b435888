import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../../src/gateway/exchange.ts';
import { toolArguments } from '../../src/gateway/json.ts';
import { bodyWithoutImages } from '../../src/gateway/upstream/adapt-request.ts';
import { formatBody } from '../../src/gateway/upstream/ollama/schema.ts';
import { workingMsOf } from '../working-time.ts';
import { PLAIN_CHAT } from './upstream/chat-request.ts';

// Each of these delayed all other requests for 0.3 to 1.5 s.

test('arguments of an earlier call with a million values are text, and are not parsed', async () => {
  for (const text of [`{"a":[${'{},'.repeat(1_000_000)}{}]}`, `{"a":${'['.repeat(1_000_000)}`]) {
    const workingMs = await workingMsOf(() => {
      assert.deepEqual(toolArguments(text), { arguments: text });
    });
    assert.ok(workingMs < 250, `${String(workingMs)} ms`);
  }
  const prose = { text: 'a, b, [c] {d} \\" '.repeat(50_000) };
  assert.deepEqual(toolArguments(JSON.stringify(prose)), prose, 'a long text is one value');
});

test('a request without its 3,000 images is made in a moment', async () => {
  const images = Array.from({ length: 3000 }, (_, at) => `aGk${String(at)}=`);
  const message = { role: 'user', thinking: undefined, toolCalls: [], answers: undefined } as const;
  const messages: readonly Message[] = [{ ...message, parts: images.map((image) => ({ images: [image], text: 'x' })) }];
  const body = JSON.stringify({ long: 'y'.repeat(1_000_000), messages });
  const workingMs = await workingMsOf(() => {
    const bare = bodyWithoutImages({ kind: 'chat', params: { ...PLAIN_CHAT, messages } }, body);
    assert.ok(!bare.includes('aGk'));
  });
  assert.ok(workingMs < 250, `${String(workingMs)} ms`);
});

test('a pattern or a reference of megabytes is not read', async () => {
  for (const schema of [
    { type: 'string', pattern: `^${'a{1}'.repeat(1_500_000)}$` },
    { $ref: `#/${'a/'.repeat(3_000_000)}` },
  ]) {
    const workingMs = await workingMsOf(() => void formatBody({ ...PLAIN_CHAT, format: schema }));
    assert.ok(workingMs < 250, `${String(workingMs)} ms`);
  }
});
