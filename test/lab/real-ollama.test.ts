import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { GATEWAY, readMasterKey } from './client.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab('real');
const operator = createOperator();

test('a bare host becomes a gateway in front of two real Ollama servers', lab.only, async () => {
  const ran = await operator.deploy('up', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.equal(operator.lastRun().phase, 'smoke');
  assert.equal(operator.lastRun().ending, 'passed');
});

test('the OpenAI SDK chats and streams through it', lab.only, async () => {
  const openai = new OpenAI({ apiKey: await readMasterKey(), baseURL: `${GATEWAY}/v1`, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'Hello, world!' }];
  const whole = await openai.chat.completions.create({ model: 'phi3-3.8b', messages, seed: 7 });
  // The tiny model says noise, so its amount is compared, not its text.
  assert.ok((whole.usage?.completion_tokens ?? 0) > 0);
  let pieces = 0;
  for await (const chunk of await openai.chat.completions.create({ model: 'llama3-8b', messages, stream: true }))
    pieces += chunk.choices[0]?.delta.content === undefined ? 0 : 1;
  assert.ok(pieces > 1, `${String(pieces)} pieces`);
});
