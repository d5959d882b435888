import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startFake, type Behaviour } from '../../fake-upstream.ts';
import { anyAnswer } from '../../fuzz/any-answer.ts';
import { mutated, mutation } from '../mutation.ts';
import { startGateway } from '../../running.ts';
import { workingMsOf } from '../../../working-time.ts';
import { errorOf } from './client.ts';

const OPTIONS = { temperature: 0.5, stop: ['a'], num_predict: 5, num_ctx: 2048 };
const BODIES: Readonly<Record<string, object>> = {
  '/api/chat': {
    model: 'm',
    messages: [
      { role: 'user', content: 'hi', images: ['aGk='] },
      { role: 'assistant', content: '', tool_calls: [{ function: { name: 'f', arguments: {} } }] },
      { role: 'tool', content: 'x', tool_name: 'f' },
    ],
    tools: [{ type: 'function', function: { name: 'f' } }],
    format: 'json',
    think: true,
    options: OPTIONS,
    keep_alive: '5m',
  },
  '/api/generate': {
    model: 'm',
    prompt: 'hi',
    system: 's',
    template: 't',
    images: ['aGk='],
    context: [1],
    raw: false,
    stream: false,
    options: OPTIONS,
  },
  '/api/embed': { model: 'm', input: ['a', 'b'], truncate: true, options: OPTIONS },
  '/api/embeddings': { model: 'm', prompt: 'a' },
  '/api/show': { model: 'm', verbose: false },
};

const answers: Behaviour = (got, outgoing) => {
  if (got.path === '/api/embeddings') outgoing.end('{"embedding":[1,2]}');
  else if (got.path === '/api/show') outgoing.end('{"capabilities":["completion","vision"]}');
  else return anyAnswer(got, outgoing);
};

test('no body that a client may send is the gateway’s or the server’s fault', { timeout: 120_000 }, async () => {
  await using fake = await startFake(answers);
  await using gateway = await startGateway([fake]);
  const asked = fc.constantFrom(...Object.keys(BODIES)).chain((path) =>
    fc.tuple(
      fc.constant(path),
      fc.array(mutation, { minLength: 1, maxLength: 2 }).map((mutations) => mutated(BODIES[path], mutations)),
    ),
  );
  await fc.assert(
    fc.asyncProperty(asked, async ([path, body]) => {
      const response = await gateway.ask(path, { method: 'POST', body });
      assert.ok(response.status < 500, `${String(response.status)} ${path} ${body.slice(0, 500)}`);
      if (response.status === 200) await response.text();
      else await errorOf(response);
    }),
    { numRuns: 600 },
  );
  // Long values are read at once: the patterns do not backtrack.
  for (const odd of [{ keep_alive: '1'.repeat(1e6) }, { images: [`${'\n'.repeat(1e6)}!`] }]) {
    const workedMs = await workingMsOf(async () => {
      assert.equal(
        (
          await errorOf(
            await gateway.ask('/api/generate', {
              method: 'POST',
              body: JSON.stringify({ model: 'm', prompt: 'x', ...odd }),
            }),
          )
        )[0],
        400,
      );
    });
    assert.ok(workedMs < 2000, String(workedMs));
  }
  for (const name of ['think', 'format', 'keep_alive', 'options', 'messages']) {
    const body = `{"model":"m","messages":[{"role":"user","content":"x"}],"${name}":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    assert.equal((await errorOf(await gateway.ask('/api/chat', { method: 'POST', body })))[0], 400, name);
  }
});
