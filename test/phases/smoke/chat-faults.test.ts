import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsPhase } from '../../../src/core/verdict.ts';
import { json, startFake, type Answer, type Seen } from './fake-server.ts';
import { FOREIGN, smokeAt, type Smoked } from './smoking.ts';

const MODELS = ['phi3-3.8b', 'llama3-8b'];

/** The checks that fail the phase for a server with this fault. */
async function faultsOf(bend: (seen: Seen, answer: Answer) => Answer, wanted = {}): Promise<readonly string[]> {
  await using server = await startFake({ models: MODELS, backends: [], bend });
  return failures(await smokeAt(server.url, { models: MODELS, ...wanted }));
}

function failures({ report }: Smoked): readonly string[] {
  return report.results.filter(failsPhase).map(({ id }) => id);
}

const rewritten =
  (pattern: string | RegExp, text: string, where: (seen: Seen) => boolean) =>
  (seen: Seen, answer: Answer): Answer =>
    where(seen) && answer.status === 200 ? { ...answer, body: answer.body.replace(pattern, text) } : answer;

test('each planted fault of an answer fails the check that names it, and no other', async () => {
  const rows: readonly (readonly [string, (seen: Seen, answer: Answer) => Answer])[] = [
    [
      'chat.max-tokens',
      rewritten(
        /"completion_tokens":4,"total_tokens":13/,
        '"completion_tokens":50,"total_tokens":59',
        ({ body }) => body['max_tokens'] === 4,
      ),
    ],
    [
      'chat.max-tokens',
      rewritten('"finish_reason":"length"', '"finish_reason":"stop"', ({ body }) => body['max_tokens'] === 4),
    ],
    ['chat.stop', rewritten('1 2 3 4 ', '1 2 3 4 5 6 7 8 9', ({ body }) => body['stop'] !== undefined)],
    [
      'chat.json-mode',
      rewritten(
        String.raw`{\"city\":\"Paris\"}`,
        'The city is Paris.',
        ({ body }) => body['response_format'] !== undefined,
      ),
    ],
    [
      'chat.unknown-model',
      (seen, answer) =>
        String(seen.body['model']).startsWith('hxllm-smoke')
          ? json(400, { error: { message: 'Invalid model' } })
          : answer,
    ],
  ];
  for (const [id, bend] of rows) assert.deepEqual(await faultsOf(bend), [id], id);
});

test('an answer that the model ended before its max_tokens shows nothing about the limit', async () => {
  const bend = ({ body }: Seen, answer: Answer): Answer =>
    body['max_tokens'] === 4
      ? {
          ...answer,
          body: answer.body
            .replace('"finish_reason":"length"', '"finish_reason":"stop"')
            .replace('"completion_tokens":4,"total_tokens":13', '"completion_tokens":3,"total_tokens":12'),
        }
      : answer;
  await using server = await startFake({ models: MODELS, backends: [], bend });
  const smoked = await smokeAt(server.url, { models: MODELS });
  assert.deepEqual(failures(smoked), []);
  const { outcome, seen } = smoked.result('chat.max-tokens');
  assert.deepEqual(
    [outcome, seen],
    ['not-applicable', 'the model ended its answer before the limit: 3 tokens and finish_reason "stop"'],
  );
});

test('an answer of any alias that is longer than its max_tokens, or that echoes another model, fails', async () => {
  const second = ({ body }: Seen): boolean => body['model'] === MODELS[1];
  assert.deepEqual(
    await faultsOf(
      rewritten(/"completion_tokens":1,"total_tokens":10/, '"completion_tokens":17,"total_tokens":26', second),
    ),
    ['models.answered'],
  );
  assert.deepEqual(await faultsOf(rewritten('"model":"llama3-8b"', '"model":"llama3:8b"', second)), [
    'models.answered',
  ]);
});

test('stop and JSON mode are asked of every chat alias, and a fault names its own', async () => {
  const second = ({ body }: Seen): boolean => body['model'] === MODELS[1];
  const rows = [
    ['chat.stop', rewritten('1 2 3 4 ', '1 2 3 4 5 6', second)],
    ['chat.json-mode', rewritten(String.raw`{\"city\":\"Paris\"}`, 'Paris.', second)],
  ] as const;
  for (const [id, bend] of rows) {
    await using server = await startFake({ models: [...MODELS, 'vectors'], backends: [], bend });
    const smoked = await smokeAt(server.url, { models: [...MODELS, 'vectors'], embeddings: ['vectors'] });
    assert.deepEqual(failures(smoked), [id]);
    assert.match(smoked.result(id).seen, /^llama3-8b: “/);
    const asked = server.requests.filter(({ body }) => body['stop'] !== undefined).map(({ body }) => body['model']);
    assert.deepEqual(asked, MODELS);
  }
});

test('an alias that the time did not suffice for is named as not asked, and is no pass', async () => {
  let isLate = false;
  const bend = (seen: Seen, answer: Answer): Answer => {
    if (seen.body['stop'] !== undefined && seen.body['model'] === MODELS[1]) isLate = true;
    return answer;
  };
  await using server = await startFake({ models: MODELS, backends: [], bend });
  const smoked = await smokeAt(server.url, { models: MODELS, budgetMs: 1000 }, undefined, () => (isLate ? 5000 : 0));
  assert.equal(smoked.result('chat.stop').outcome, 'pass');
  const { outcome, seen } = smoked.result('chat.json-mode');
  assert.deepEqual([outcome, seen], ['unknown', 'not asked within 1 s: response_format of llama3-8b']);
});

test('a listed model beside the configured ones is a warning, and an error if it does not answer', async () => {
  const models = [...MODELS, 'former'];
  await using well = await startFake({ models, backends: [] });
  const good = await smokeAt(well.url, { models: MODELS });
  assert.deepEqual(failures(good), []);
  const { outcome, severity, seen } = good.result('models.as-configured');
  assert.deepEqual([outcome, severity, seen], ['fail', 'warning', 'former as well']);
  const bend = (asked: Seen, answer: Answer): Answer =>
    asked.body['model'] === 'former' ? json(503, { error: { message: 'no server' } }) : answer;
  await using broken = await startFake({ models, backends: [], bend });
  const bad = await smokeAt(broken.url, { models: MODELS });
  assert.deepEqual(failures(bad), ['models.only-answering']);
  assert.equal(bad.result('models.only-answering').seen, 'former: 503: no server');
});

test('a listed model that a pattern of the configuration stands for is no other model', async () => {
  await using server = await startFake({ models: [...MODELS, 'qwen-7b', 'mine'], backends: [] });
  const smoked = await smokeAt(server.url, { models: MODELS, patterns: ['qwen*'] });
  assert.deepEqual(failures(smoked), []);
  const asked = (name: string): boolean => server.requests.some(({ body }) => body['model'] === name);
  assert.deepEqual([asked('qwen-7b'), asked('mine')], [false, true]);
});

test('a configuration of patterns alone is judged by a model that fits one', async () => {
  await using server = await startFake({ models: ['mine', 'qwen-7b'], backends: [] });
  const smoked = await smokeAt(server.url, { models: [], patterns: ['qwen*'] });
  assert.deepEqual(failures(smoked), []);
  assert.match(smoked.result('chat.answers').seen ?? '', /^qwen-7b answered/);
  assert.equal(smoked.result('models.answered').outcome, 'not-applicable');
});

test('another server may refuse a parameter, and answer 400 for an unknown model; then its check does not apply', async () => {
  const bend = (seen: Seen, answer: Answer): Answer => {
    if (seen.body['response_format'] !== undefined) return json(400, { error: { message: 'not supported' } });
    return String(seen.body['model']).startsWith('hxllm-smoke') ? json(400, { error: { message: 'Invalid' } }) : answer;
  };
  await using server = await startFake({ models: MODELS, backends: [], bend });
  const smoked = await smokeAt(server.url, FOREIGN);
  assert.deepEqual(failures(smoked), []);
  assert.equal(smoked.result('chat.json-mode').outcome, 'not-applicable');
  assert.equal(smoked.result('chat.unknown-model').outcome, 'pass');
});

test('a model that spends its tokens on reasoning is not called broken', async () => {
  const bend = (seen: Seen, answer: Answer): Answer => {
    if (seen.body['stop'] === undefined && seen.body['response_format'] === undefined) return answer;
    const message = { role: 'assistant', content: '', reasoning_content: 'Well' };
    const choices = [{ index: 0, message, finish_reason: 'length' }];
    const usage = { prompt_tokens: 9, completion_tokens: 64, total_tokens: 73 };
    return json(200, { object: 'chat.completion', model: seen.body['model'], choices, usage });
  };
  await using server = await startFake({ models: MODELS, backends: [], bend });
  const smoked = await smokeAt(server.url, { models: MODELS });
  assert.deepEqual(failures(smoked), []);
  for (const id of ['chat.stop', 'chat.json-mode']) assert.equal(smoked.result(id).outcome, 'not-applicable');
});
