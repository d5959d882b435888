import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, KEY, startFake } from './fake-server.ts';
import { FOREIGN, smokeAt } from './smoking.ts';

/** As LiteLLM 1.108.7 answers without a database. */
test('a server that refuses with another status than 401 is told so, and not to require a key', async () => {
  await using server = await startFake({
    models: ['a'],
    backends: [],
    bend: (seen, answer) =>
      seen.key === undefined
        ? json(500, { error: { message: 'Internal Server Error', type: 'None', param: 'None', code: '500' } })
        : seen.key !== KEY
          ? json(400, { error: { message: 'No connected db.', type: 'no_db_connection', param: null, code: '400' } })
          : answer,
  });
  const { result } = await smokeAt(server.url, FOREIGN);
  for (const [id, seen] of [
    ['auth.key-required', /^500: /],
    ['auth.wrong-key-refused', /^400: /],
  ] as const) {
    const { outcome, seen: found, ...more } = result(id);
    assert.equal(outcome, 'fail');
    assert.match(found, seen);
    assert.match('fix' in more ? more.fix : '', /refuse with 401/);
  }
});

test('an id of its own in each chunk is told by the first two', async () => {
  let chunk = 0;
  await using server = await startFake({
    models: ['a'],
    backends: [],
    bend: (_, answer) => ({
      ...answer,
      body: answer.body.replaceAll(/(?<=data: .*)"id":"[^"]*"/g, () => `"id":"c${String((chunk += 1))}"`),
    }),
  });
  const { result } = await smokeAt(server.url, FOREIGN);
  assert.match(result('stream.tells-one-answer').seen, /^not one id in all chunks: "c\d+", "c\d+" and \d+ more$/);
});
