import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPem } from '../../../src/core/certificate.ts';
import type { TlsPair } from '../../../src/facts/tls-pair.ts';
import type { HostFacts, PreflightSubject } from '../../../src/phases/preflight/subject.ts';
import { GATEWAY_TRUST } from '../../../src/phases/preflight/checks/trust-gateway.ts';
import { certificateText } from '../../certificates/certificates.ts';
import { hostOf } from './host.ts';

const HOST = { from: 'host', certFile: '/etc/ssl/a.pem', keyFile: '/etc/ssl/a.key' } as const;
const GOOD: TlsPair = {
  certificates: certificateText('good.pem'),
  key: { owner: 'root', group: 'litellm', mode: 0o640, hasPassphrase: false },
  unreadable: [],
  fits: true,
};

/** The outcomes of certificate, key and expiry for a pair, and what was seen. */
function judged(
  pair: Partial<TlsPair>,
  { name = 'hx-llm01-server.dev-test.hana-x.ai', now = '2026-11-30' } = {},
): readonly string[] {
  const toMs = Date.parse(now);
  const subject: PreflightSubject = {
    host: hostOf(name, { tls: HOST }),
    seen: {
      reached: true,
      // The judges see the facts of their own questions alone.
      facts: { tlsPair: { known: true, value: { ...GOOD, ...pair } } } as unknown as HostFacts,
      followUps: {},
      trial: undefined,
      askedMs: { fromMs: toMs, toMs, hostEndMs: toMs },
    },
  };
  return GATEWAY_TRUST.map((check) => check.judge(subject)).map(({ outcome, seen }) => `${outcome}: ${seen}`);
}

test('a good pair passes: dates, name, chain, key and its access', () => {
  const [certificate, key, expiry] = judged({});
  assert.match(certificate ?? '', /^pass: CN=good, for DNS:localhost.*issued by CN=Example Root CA/);
  assert.equal(key, 'pass: /etc/ssl/a.key, root:litellm 0640');
  assert.equal(expiry, 'pass: until 2055-01-01');
  assert.match(judged({ fits: undefined })[0] ?? '', /enforce compares it with its key$/);
});

test('each fault of a certificate or key fails its check', () => {
  const leaf = readPem(certificateText('leaf.pem')).certificates.map(({ pem }) => pem);
  for (const [index, pair, seen, more] of [
    [0, { certificates: undefined }, /^fail: no such file/, {}],
    [0, { certificates: '' }, /^fail: no such block/, {}],
    [0, { certificates: certificateText('expired.pem') }, /^fail: CN=expired, from/, {}],
    [0, { certificates: certificateText('future.pem') }, /^fail: CN=future, from 2054/, {}],
    [0, {}, /^fail: CN=good, for DNS:localhost/, { name: 'api.example.net' }],
    [0, { fits: false }, /^fail: another key/, {}],
    [0, { certificates: `${leaf[0] ?? ''}${certificateText('other.pem')}` }, /^fail: CN=Another CA/, {}],
    [1, { key: undefined }, /^fail: no such file/, {}],
    [1, { key: { owner: 'root', group: 'root', mode: 0o644, hasPassphrase: false } }, /^fail: root:root 0644/, {}],
    [1, { key: { owner: 'root', group: 'users', mode: 0o640, hasPassphrase: false } }, /^fail: root:users 0640/, {}],
    [1, { key: { owner: 'www', group: 'www', mode: 0o600, hasPassphrase: false } }, /^fail: www:www 0600/, {}],
    [1, { key: { owner: 'root', group: 'root', mode: 0o600, hasPassphrase: true } }, /^fail: an encrypted one/, {}],
    [1, { unreadable: ['/etc/ssl/a.key'] }, /^fail: none of \/etc\/ssl\/a\.key/, {}],
    [2, {}, /^fail: CN=good until 2055/, { now: '2054-12-25' }],
  ] as const)
    assert.match(judged(pair, more)[index] ?? '', seen);
});

test('a plain gateway has none of these, whatever the host says', () => {
  const subject: PreflightSubject = {
    host: hostOf('a'),
    seen: { reached: false, problem: { code: 'x', summary: 'x', detail: 'x', fix: 'x' } },
  };
  assert.deepEqual(new Set(GATEWAY_TRUST.map((check) => check.judge(subject).outcome)), new Set(['not-applicable']));
});
