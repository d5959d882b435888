import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent } from 'undici';
import { QueryCache } from '../../../src/gateway/upstream/query-cache.ts';
import { startFake } from '../fake-upstream.ts';

test('callers that ask the same at once share an answer, and an answer that is not kept is not given to later callers', async () => {
  await using fake = await startFake((_got, outgoing) => void outgoing.end('{"said":1}'));
  const dispatcher = new Agent();
  const inquiries = new QueryCache();
  const ask = (holdsMs: number): Promise<unknown> =>
    inquiries.get(
      { dispatcher, target: { origin: fake.url, prefix: '' }, headers: {}, fresh: () => new Agent() },
      { path: '/api/show', body: { holdsMs }, holdsMs },
    );
  assert.deepEqual(await Promise.all([ask(0), ask(0), ask(60_000)]), [{ said: 1 }, { said: 1 }, { said: 1 }]);
  assert.equal(fake.requests.length, 2);
  assert.equal(inquiries.size, 1);
  await Promise.all([ask(0), ask(60_000)]);
  assert.equal(fake.requests.length, 3);
  await dispatcher.destroy();
});

test('a question that cannot be written is one without an answer', async () => {
  const dispatcher = new Agent();
  let written = 0;
  const odd = {
    toJSON: () => {
      written += 1;
      if (written > 1) throw new RangeError('Maximum call stack size exceeded');
      return 'odd';
    },
  };
  const line = {
    dispatcher,
    target: { origin: 'http://127.0.0.1:1', prefix: '' },
    headers: {},
    fresh: () => new Agent(),
  };
  assert.equal(await new QueryCache().get(line, { path: '/api/chat', body: { odd }, holdsMs: 0 }), undefined);
  await dispatcher.destroy();
});
