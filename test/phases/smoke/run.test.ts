import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsPhase } from '../../../src/core/verdict.ts';
import { json, KEY, page, startFake, type Answer, type Seen } from './fake-server.ts';
import { FOREIGN, smokeAt } from './smoking.ts';

const MODELS = ['phi3-3.8b', 'nomic-embed'];
const BACKENDS = ['http://127.0.0.1:1', 'http://127.0.0.1:2'];
const OURS = { models: MODELS, backends: BACKENDS, embeddings: ['nomic-embed'] };

test('a gateway without faults passes every check', async () => {
  await using server = await startFake({ models: MODELS, backends: BACKENDS });
  const { report } = await smokeAt(server.url, OURS);
  assert.deepEqual(
    report.results.filter((result) => result.outcome !== 'pass').map(({ id, outcome }) => [id, outcome]),
    [
      ['http.resolves', 'not-applicable'],
      ['http.handshake', 'not-applicable'],
      ['http.certificate-trusted', 'not-applicable'],
      ['http.certificate-name', 'not-applicable'],
      ['http.certificate-days', 'not-applicable'],
      ['auth.previous-key', 'not-applicable'],
      ['auth.revoked-key-refused', 'not-applicable'],
      ['keys.made', 'not-applicable'],
      ['keys.limit-holds', 'not-applicable'],
      ['keys.limit-told', 'not-applicable'],
      ['keys.removed', 'not-applicable'],
      ['abilities.tools', 'not-applicable'],
      ['abilities.vision', 'not-applicable'],
      ['prompts.room', 'not-applicable'],
      ['stream.unbuffered', 'not-applicable'],
      ['stream.abort-frees-slot', 'not-applicable'],
      ['backends.configured', 'not-applicable'],
      ['backends.even-speed', 'not-applicable'],
      ['backends.fast-enough', 'not-applicable'],
      ['backends.every-alias', 'not-applicable'],
      ['backends.balanced', 'not-applicable'],
      ['backends.outage', 'not-applicable'],
      ['backends.put-back', 'not-applicable'],
      ['performance.not-slower', 'not-applicable'],
    ],
  );
  assert.equal(report.ending, 'passed');
  assert.equal(report.results.length, 57);
  const passed = report.results.filter(({ outcome }) => outcome === 'pass');
  assert.deepEqual(
    passed.filter(({ measured }) => !Number.isFinite(measured?.value)).map(({ id }) => id),
    [],
  );
});

test('the report has every request, its answer and its latency, and the key nowhere', async () => {
  await using server = await startFake({
    models: MODELS,
    backends: BACKENDS,
    bend: (_, answer) => ({
      ...answer,
      headers: { ...answer.headers, 'x-echo': 'none' },
      body: answer.body.replace('Hello', `you sent ${KEY}`),
    }),
  });
  const { files, events } = await smokeAt(server.url, OURS);
  const document = files.get('report.json') ?? '';
  assert.match(document, /"url":"http:\/\/127\.0\.0\.1:\d+\/v1\/chat\/completions"/);
  assert.match(document, /"firstByteMs":\d/);
  assert.match(document, /you sent \[redacted\]/);
  assert.match(
    files.get('report.md') ?? '',
    /\| POST \/v1\/chat\/completions \| right \| 200 \| \d+ \| \d+ \| http:\/\/127\.0\.0\.1:1 \|/,
  );
  assert.ok(![...files.values(), JSON.stringify(events)].some((text) => text.includes(KEY)));
});

test('a backend that never answers is named, after a bounded number of requests', async () => {
  await using server = await startFake({ models: MODELS, backends: ['http://127.0.0.1:1'] });
  const { report, result } = await smokeAt(server.url, OURS);
  assert.equal(report.ending, 'failed');
  assert.match(
    result('backends.used').seen,
    /phi3-3\.8b of http:\/\/127\.0\.0\.1:2: answered by http:\/\/127\.0\.0\.1:1;/,
  );
  assert.ok(server.requests.length < 80, `${String(server.requests.length)} requests`);
});

test('an answer from a backend that is not configured fails', async () => {
  await using server = await startFake({ models: MODELS, backends: ['http://127.0.0.1:1', 'http://127.0.0.1:9'] });
  const { result } = await smokeAt(server.url, OURS);
  assert.match(result('backends.used').seen, /an answer from http:\/\/127\.0\.0\.1:9/);
});

test('a backend that serves only one alias is found through that alias', async () => {
  const bend = (seen: { body: Record<string, unknown> }, answer: ReturnType<typeof json>): ReturnType<typeof json> => {
    const backend = seen.body['model'] === 'llama3-8b' ? 'http://127.0.0.1:2' : 'http://127.0.0.1:1';
    return answer.headers['x-hxllm-backend'] === undefined
      ? answer
      : { ...answer, headers: { ...answer.headers, 'x-hxllm-backend': backend } };
  };
  await using server = await startFake({ models: ['phi3-3.8b', 'llama3-8b'], backends: BACKENDS, bend });
  const { result } = await smokeAt(server.url, { models: ['phi3-3.8b', 'llama3-8b'], backends: BACKENDS });
  assert.equal(result('backends.used').outcome, 'pass');
});

test('an alias that is missing from the list is named, and the checks after it are skipped', async () => {
  await using server = await startFake({ models: ['phi3-3.8b'], backends: [] });
  const { result } = await smokeAt(server.url, { models: ['phi3-3.8b', 'llama3-8b'] });
  assert.match(result('models.listed').seen, /llama3-8b missing/);
  assert.equal(result('chat.answers').outcome, 'skip');
});

test('any OpenAI-compatible server is judged by its address and key only', async () => {
  const bend = (seen: { path: string }, answer: ReturnType<typeof json>): ReturnType<typeof json> =>
    seen.path.startsWith('/health')
      ? json(404, { detail: 'Not Found' })
      : answer.status === 401
        ? json(401, { error: { message: 'no', type: 'auth_error', code: '401' } })
        : answer;
  await using server = await startFake({ models: ['text-embedding-3-small', 'gpt-any'], backends: [], bend });
  const { report, result } = await smokeAt(`${server.url}/v1`, FOREIGN);
  assert.equal(report.ending, 'passed');
  assert.equal(result('health.alive').outcome, 'not-applicable');
  assert.equal(result('backends.used').outcome, 'not-applicable');
  assert.match(result('chat.answers').seen, /^gpt-any answered/);
});

test('an open server, asked without a key, has nothing to refuse', async () => {
  const open = await startFake({
    models: ['phi3'],
    backends: [],
    bend: (seen, answer) =>
      answer.status === 401 && seen.path === '/v1/models'
        ? json(200, { object: 'list', data: [] })
        : answer.status === 401
          ? json(404, {})
          : answer,
  });
  await using _ = open;
  const { result } = await smokeAt(open.url, { ...FOREIGN, key: undefined });
  assert.equal(result('auth.key-required').outcome, 'not-applicable');
  assert.equal(result('auth.wrong-key-refused').outcome, 'not-applicable');
  assert.equal(result('models.listed').seen, 'an empty list');
});

test('a server that accepts a wrong key fails', async () => {
  await using server = await startFake({
    models: MODELS,
    backends: [],
    bend: (seen, answer) =>
      seen.key !== KEY && seen.key !== undefined ? json(200, { object: 'list', data: [] }) : answer,
  });
  const { report, result } = await smokeAt(server.url);
  assert.match(result('auth.wrong-key-refused').seen, /^200: /);
  assert.equal(result('auth.key-required').outcome, 'pass');
  assert.equal(report.ending, 'failed');
});

test('an error object with a key too few, or another code, is not exact', async () => {
  for (const error of [
    { message: 'no', type: 'invalid_request_error', code: 'invalid_api_key' },
    { message: 'no', type: 'invalid_request_error', param: null, code: null },
    { message: 'no', type: 'auth_error', param: null, code: 'invalid_api_key' },
  ]) {
    await using server = await startFake({
      models: MODELS,
      backends: [],
      bend: (seen, answer) => (answer.status === 401 && seen.key !== undefined ? json(401, { error }) : answer),
    });
    assert.equal((await smokeAt(server.url)).result('auth.wrong-key-refused').outcome, 'fail', JSON.stringify(error));
  }
});

test('a key that the server does not know fails with a fix', async () => {
  await using server = await startFake({
    models: MODELS,
    backends: [],
    bend: (seen, answer) =>
      answer.status === 200 && seen.path !== '/health/liveliness'
        ? json(401, {
            error: {
              message: 'Incorrect API key',
              type: 'invalid_request_error',
              param: null,
              code: 'invalid_api_key',
            },
          })
        : answer,
  });
  const { result } = await smokeAt(server.url);
  assert.equal(result('auth.key-accepted').seen, '401: Incorrect API key');
  assert.match(result('auth.key-accepted').fix ?? '', /^hxllm enforce/);
  assert.equal(result('models.listed').outcome, 'skip');
});

test('a web page instead of an API is reported with its title', async () => {
  await using server = await startFake({ models: MODELS, backends: [], bend: () => page(200, 'Welcome to nginx!') });
  const { report, result } = await smokeAt(server.url);
  assert.match(result('health.alive').seen, /a web page \(“Welcome to nginx!”\)/);
  assert.match(result('models.listed').seen, /a web page/);
  assert.ok(report.results.some(failsPhase));
});

test('a redirection is reported with its target', async () => {
  await using server = await startFake({
    models: MODELS,
    backends: [],
    bend: () => ({ status: 308, headers: { location: 'https://hx.example/' }, body: '' }),
  });
  assert.match((await smokeAt(server.url)).result('http.reachable').fix ?? '', /https:\/\/hx\.example\//);
});

test('an address that is not an HTTP URL is a usage problem', async () => {
  for (const url of ['hx-api-server:4000', 'ftp://x', 'http://user:pw@host', '']) {
    const { report } = await smokeAt(url);
    assert.equal(report.problems[0]?.code, 'usage.url', url);
    assert.doesNotMatch(JSON.stringify(report.problems), /:pw/);
    assert.equal(report.ending, 'failed');
  }
});

test('after an interruption the remaining checks are unknown, never passed', async () => {
  const controller = new AbortController();
  await using server = await startFake({
    models: MODELS,
    backends: [],
    bend: (seen, answer) => {
      if (seen.body['stream'] !== true) return answer;
      controller.abort();
      return 'say nothing';
    },
  });
  const { report, result } = await smokeAt(server.url, {}, controller.signal);
  assert.equal(report.ending, 'aborted');
  assert.equal(result('chat.answers').outcome, 'pass');
  assert.equal(result('stream.framed').outcome, 'unknown');
});

test('a backend that only fails does not count as answering, although its failures name it', async () => {
  const bend = (seen: Seen, answer: Answer): Answer => {
    if (answer.headers['x-hxllm-backend'] !== BACKENDS[1]) return answer;
    return seen.body['stream'] === true
      ? { ...answer, headers: { ...answer.headers, 'x-hxllm-backend': BACKENDS[0] ?? '' } }
      : { ...answer, status: 502 };
  };
  await using server = await startFake({ models: ['phi3-3.8b', 'llama3-8b'], backends: BACKENDS, bend });
  const { result } = await smokeAt(server.url, { models: ['phi3-3.8b', 'llama3-8b'], backends: BACKENDS });
  assert.equal(result('chat.answers').outcome, 'pass');
  assert.equal(result('backends.used').outcome, 'fail');
  assert.match(result('backends.used').seen, /^phi3-3\.8b of http:\/\/127\.0\.0\.1:2: 502: /);
});
