import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, startFake, type Answer, type Seen } from './fake-server.ts';
import { smokeAt, type Smoked } from './smoking.ts';

const MADE = `sk-hx-${'b2'.repeat(20)}`;
const ALIAS = 'hxllm-smoke-1';
const CHECKS = ['keys.made', 'keys.limit-holds', 'keys.limit-told', 'keys.removed'] as const;
const MODEL = 'phi3-3.8b';

const outcomes = ({ result }: Smoked): readonly string[] => CHECKS.map((id) => result(id).outcome);

const refused = json(401, {
  error: { message: 'No.', type: 'invalid_request_error', param: null, code: 'invalid_api_key' },
});

/** A server that makes and removes a key, and holds it to two requests. */
function keeping(): { readonly bend: (seen: Seen, answer: Answer) => Answer; readonly isKept: () => boolean } {
  let used = 0;
  let kept = false;
  const limit = (remaining: number): Record<string, string> => ({
    'x-ratelimit-limit-requests': '2',
    'x-ratelimit-remaining-requests': String(remaining),
    'x-ratelimit-reset-requests': '1m0s',
  });
  const bend = ({ path, key, body }: Seen, answer: Answer): Answer => {
    if (path === '/key/generate') {
      kept = true;
      return json(200, { key: MADE, ...body });
    }
    if (path === '/key/delete') {
      const status = kept ? 200 : 404;
      kept = false;
      return json(status, status === 200 ? { deleted_keys: [ALIAS] } : { error: { message: 'not found' } });
    }
    if (key !== MADE) return answer;
    if (!kept) return refused;
    used += 1;
    if (used <= 2) return json(200, { choices: [] }, limit(2 - used));
    const error = { message: 'Too many.', type: 'requests', param: null, code: 'rate_limit_exceeded' };
    return json(429, { error }, { ...limit(0), 'retry-after': '60', 'retry-after-ms': '59999' });
  };
  return { bend, isKept: () => kept };
}

test('without --keys nothing is made, and the checks say so', async () => {
  const { bend } = keeping();
  await using server = await startFake({ models: [MODEL], backends: [], bend });
  const smoked = await smokeAt(server.url, { withoutRamp: true });
  assert.deepEqual(new Set(outcomes(smoked)), new Set(['not-applicable']));
  assert.ok(server.requests.every(({ path }) => !path.startsWith('/key/')));
});

test('a fault of each step is told, and the key is removed all the same', async () => {
  const broken = json(500, { error: { message: 'no disk' } });
  const rows: readonly (readonly [
    fault: string,
    bend: (seen: Seen, answer: Answer) => Answer | 'hang up',
    outcomes: readonly string[],
    removals: number,
  ])[] = [
    ['none', (_, answer) => answer, ['pass', 'pass', 'pass', 'pass'], 1],
    [
      'no such call',
      (seen, answer) => (seen.path === '/key/generate' ? json(404, { error: { message: 'Invalid URL' } }) : answer),
      ['fail', 'skip', 'skip', 'not-applicable'],
      0,
    ],
    [
      'making fails',
      (seen, answer) => (seen.path === '/key/generate' ? broken : answer),
      ['fail', 'skip', 'skip', 'pass'],
      1,
    ],
    [
      'its answer is lost',
      (seen, answer) => (seen.path === '/key/generate' ? 'hang up' : answer),
      ['unknown', 'skip', 'skip', 'pass'],
      1,
    ],
    [
      'another limit',
      (seen, answer) => (seen.path === '/key/generate' ? json(200, { key: MADE, rpm_limit: 3 }) : answer),
      ['fail', 'skip', 'skip', 'pass'],
      1,
    ],
    [
      'the limit does not hold',
      (seen, answer) => (seen.key === MADE && answer.status === 429 ? json(200, {}) : answer),
      ['pass', 'fail', 'skip', 'pass'],
      1,
    ],
    [
      'a use is cut',
      (seen, answer) => (seen.key === MADE && answer.status === 429 ? 'hang up' : answer),
      ['pass', 'unknown', 'skip', 'pass'],
      1,
    ],
    [
      'no headers',
      (seen, answer) => (seen.key === MADE && answer.status === 200 ? { ...answer, headers: {} } : answer),
      ['pass', 'pass', 'fail', 'pass'],
      1,
    ],
    [
      'an untrue wait',
      (_, answer) =>
        answer.status === 429 ? { ...answer, headers: { ...answer.headers, 'retry-after': '3' } } : answer,
      ['pass', 'pass', 'fail', 'pass'],
      1,
    ],
    [
      'another code',
      (_, answer) =>
        answer.status === 429 ? { ...answer, body: '{"error":{"type":"requests","code":null}}' } : answer,
      ['pass', 'pass', 'fail', 'pass'],
      1,
    ],
    [
      'removing fails',
      (seen, answer) => (seen.path === '/key/delete' ? broken : answer),
      ['pass', 'pass', 'pass', 'fail'],
      3,
    ],
    [
      'it is not found',
      (seen, answer) => (seen.path === '/key/delete' ? json(404, { error: { message: 'not found' } }) : answer),
      ['pass', 'pass', 'pass', 'fail'],
      1,
    ],
    [
      'it works on',
      (seen, answer) => (seen.key === MADE && answer.status === 401 ? json(200, { data: [] }) : answer),
      ['pass', 'pass', 'pass', 'fail'],
      1,
    ],
  ];
  for (const [fault, fail, wanted, removals] of rows) {
    const { bend, isKept } = keeping();
    const both = (seen: Seen, answer: Answer): Answer | 'hang up' => fail(seen, bend(seen, answer));
    await using server = await startFake({ models: [MODEL], backends: [], bend: both });
    const smoked = await smokeAt(server.url, { keyAlias: ALIAS, withoutRamp: true });
    assert.deepEqual(outcomes(smoked), wanted, fault);
    const asked = server.requests.filter(({ path }) => path === '/key/delete');
    assert.equal(asked.length, removals, fault);
    for (const { body } of asked) assert.deepEqual(body, { key_aliases: [ALIAS] }, fault);
    if (removals > 0) assert.ok(!isKept(), fault);
    const notes = smoked.events.flatMap((event) => (event.kind === 'note' ? [event.text] : []));
    assert.equal(
      notes.some((text) => text.includes(`hxllm keys delete ${ALIAS}`)),
      fault === 'removing fails',
      fault,
    );
    assert.ok(!JSON.stringify([...smoked.files.values(), smoked.events]).includes(MADE), fault);
  }
});

test('an interruption at each request leaves no key, and the key has an end by itself', async () => {
  // At the key's making, at its first use and at its removal.
  for (const at of ['/key/generate', MADE, '/key/delete']) {
    const { bend, isKept } = keeping();
    const interruption = new AbortController();
    const both = (seen: Seen, answer: Answer): Answer | 'say nothing' => {
      const bent = bend(seen, answer);
      if (seen.path !== at && seen.key !== at) return bent;
      interruption.abort();
      return seen.key === MADE && seen.path !== '/v1/models' ? 'say nothing' : bent;
    };
    await using server = await startFake({ models: [MODEL], backends: [], bend: both });
    const { report } = await smokeAt(server.url, { keyAlias: ALIAS, withoutRamp: true }, interruption.signal);
    assert.equal(report.ending, 'aborted', at);
    const calls = server.requests.filter(({ path }) => path.startsWith('/key/'));
    assert.deepEqual(
      calls.map(({ path }) => path),
      ['/key/generate', '/key/delete'],
      at,
    );
    assert.equal(calls[0]?.body['duration'], '15m');
    assert.ok(!isKept(), at);
  }
});
