import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_SMOKE_LIMITS } from '../../../src/core/smoke-limits.ts';
import { failsPhase } from '../../../src/core/verdict.ts';
import type { SmokeTarget } from '../../../src/phases/smoke/target.ts';
import { json, KEY, startFake, type Answer, type Seen } from './fake-server.ts';
import { FOREIGN, smokeAt, type Smoked } from './smoking.ts';

const CERTIFICATES = join(import.meta.dirname, '../../certificates');
const pem = (name: string): string => readFileSync(join(CERTIFICATES, name), 'utf8');
const TLS = { names: ['hx-api-server', '127.0.0.1'], authorities: [pem('ca.pem'), pem('modern.pem')] };

async function overTls(certificate: string, wanted: Partial<SmokeTarget> = {}): Promise<Smoked> {
  const tls = { cert: pem(`${certificate}.pem`), key: pem(`${certificate}.key`) };
  await using server = await startFake({ models: ['phi3-3.8b'], backends: [], tls });
  return await smokeAt(server.url, { tls: TLS, ...wanted });
}

function failures({ report }: Smoked): readonly string[] {
  return report.results.filter(failsPhase).map(({ id }) => id);
}

test('each fault of a certificate fails the check that names it, and no other', async () => {
  const rows: readonly (readonly [string, readonly string[], RegExp?])[] = [
    ['good', []],
    // Its chain has a root that has ended, beside one that is trusted.
    ['crossed', []],
    ['expired', ['http.certificate-days'], /^the certificate of expired has expired on 2021-01-01$/],
    ['future', ['http.certificate-days'], /^it is valid from 2054-/],
    ['wrong-name', ['http.certificate-name'], /^wrong-name: DNS:another\.example\.net$/],
    ['untrusted', ['http.certificate-trusted'], /^UNABLE_TO_.*: untrusted, signed by Another CA$/],
  ];
  for (const [name, expected, seen] of rows) {
    const smoked = await overTls(name);
    assert.deepEqual(failures(smoked), expected, name);
    const [id = 'http.certificate-days'] = expected;
    if (seen === undefined) assert.equal(smoked.result(id).measured?.limit, 14);
    else assert.match(smoked.result(id).seen, seen);
    assert.equal(smoked.result('http.reachable').outcome, expected.length === 0 ? 'pass' : 'skip', name);
  }
});

test('a certificate that ends within the configured days fails, with the number and the variable', async () => {
  const smoked = await overTls('good', { limits: { ...DEFAULT_SMOKE_LIMITS, certificateDays: 100_000 } });
  assert.deepEqual(failures(smoked), ['http.certificate-days']);
  assert.match(smoked.result('http.certificate-days').wanted ?? '', /litellm_smoke_certificate_days/);
  assert.equal(smoked.result('http.certificate-days').measured?.limit, 100_000);
});

test('a name is resolved, and its addresses that do not answer are told', async () => {
  await using server = await startFake({ models: ['phi3-3.8b'], backends: [] });
  const { result } = await smokeAt(server.url.replace('127.0.0.1', 'localhost'));
  assert.match(result('http.resolves').seen, /127\.0\.0\.1/);
  assert.equal(result('http.connects').outcome, 'pass');
  assert.match(result('http.connects').seen, /^127\.0\.0\.1(?:$| \(1 of 2 addresses do not answer: )/);
  assert.equal(result('http.connects').measured?.unit, 'ms');
});

test('a slow answer to requests that need no model is a warning with its number', async () => {
  await using server = await startFake({ models: ['phi3-3.8b'], backends: [], delayMs: 20 });
  const limits = { ...DEFAULT_SMOKE_LIMITS, latencyMs: 5 };
  const { result } = await smokeAt(server.url, { limits });
  const { outcome, severity, wanted, measured } = result('http.latency');
  assert.deepEqual([outcome, severity, measured?.limit], ['fail', 'warning', 5]);
  assert.match(wanted ?? '', /^at most 5 ms \(litellm_smoke_latency_ms\)$/);
});

test('a server that takes a key of any form fails the check of that form', async () => {
  const listing = json(200, { object: 'list', data: [{ id: 'phi3-3.8b' }] });
  const rows: readonly (readonly [string, (seen: Seen) => boolean])[] = [
    ['auth.query-key-refused', ({ query, key }) => key === undefined && query.includes(KEY)],
    ['auth.malformed-refused', ({ authorization, key }) => key === undefined && authorization.startsWith('Basic ')],
    ['auth.malformed-refused', ({ authorization, key }) => key === undefined && authorization === 'Bearer'],
  ];
  for (const [id, accepts] of rows) {
    const bend = (seen: Seen, answer: Answer): Answer =>
      seen.path === '/v1/models' && accepts(seen) ? listing : answer;
    await using server = await startFake({ models: ['phi3-3.8b'], backends: [], bend });
    const smoked = await smokeAt(server.url);
    assert.deepEqual(failures(smoked), [id]);
    assert.doesNotMatch(JSON.stringify([...smoked.files.values(), smoked.events]), new RegExp(KEY));
  }
});

test('the key is put into no URL that a log in between would keep, nor into one of another server', async () => {
  const behind = (_: Seen, answer: Answer): Answer => ({
    ...answer,
    headers: { ...answer.headers, server: 'nginx/1.26' },
  });
  for (const [wanted, bend] of [
    [{}, behind],
    [FOREIGN, undefined],
  ] as const) {
    await using server = await startFake({
      models: ['phi3-3.8b'],
      backends: [],
      ...(bend === undefined ? {} : { bend }),
    });
    const { result } = await smokeAt(server.url, wanted);
    assert.equal(result('auth.query-key-refused').outcome, 'not-applicable');
    assert.match(result('auth.query-key-refused').seen, bend === undefined ? /of this server/ : /\(nginx\/1\.26\)/);
    assert.ok(server.requests.every(({ query }) => query === ''));
  }
});
