import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  judgeHostKey,
  knownNames,
  knownTypes,
  parseKnownHosts,
  type KeyVerdict,
} from '../../../src/remote/ssh/known-hosts.ts';

const entries = parseKnownHosts(readFileSync(new URL('samples/known_hosts', import.meta.url), 'utf8'), 'known_hosts');
const keyOn = (line: number): string => entries.find((entry) => entry.line === line)?.key ?? '';
const [FIRST, SECOND, ECDSA] = [keyOn(2), keyOn(5), keyOn(7)];
const judge = (host: string, port: number, key: string, type = 'ssh-ed25519', alias?: string): KeyVerdict =>
  judgeHostKey(entries, knownNames(host, port, alias), type, key);

test('comments, blank lines and invalid lines are ignored; entries keep their line number', () => {
  assert.deepEqual(
    entries.map(({ line }) => line),
    [2, 4, 5, 6, 7, 8, 9, 11],
  );
});

test('a plain name, a second name of a line, a hashed name and one in capitals are known', () => {
  for (const host of ['hx-api-server', '10.77.0.11', 'HX-API-Server', 'hx-hashed'])
    assert.deepEqual(judge(host, 22, FIRST), { state: 'known' }, host);
  assert.deepEqual(judge('hx-upper', 22, SECOND), { state: 'known' });
});

test('a port has its own entry, plain or hashed; without one, the entry without a port counts', () => {
  assert.deepEqual(judge('hx-hashed', 2222, SECOND), { state: 'known' });
  assert.deepEqual(judge('hx-api-server', 2222, SECOND), { state: 'known' });
  assert.equal(judge('hx-api-server', 2222, FIRST).state, 'changed', 'the line for the port decides');
  assert.deepEqual(judge('hx-api-server', 2200, FIRST), { state: 'known' });
  assert.equal(judge('hx-api-server', 2200, SECOND).state, 'unknown', 'another service may have another key');
});

test('another key of the same type is changed, with the line of the old one; of another type it is unknown', () => {
  const changed = judge('hx-api-server', 22, SECOND);
  assert.deepEqual(changed.state === 'changed' ? changed.entry.line : undefined, 2);
  assert.deepEqual(judge('hx-api-server', 22, ECDSA, 'ecdsa-sha2-nistp256'), {
    state: 'unknown',
    otherTypes: ['ssh-ed25519'],
    authority: undefined,
  });
});

test('wildcards match, and an exclusion overrides them', () => {
  assert.deepEqual(judge('hx-llm01-server.dev-test.hana-x.ai', 22, ECDSA, 'ecdsa-sha2-nistp256'), { state: 'known' });
  assert.equal(judge('bad.dev-test.hana-x.ai', 22, ECDSA, 'ecdsa-sha2-nistp256').state, 'unknown');
  assert.equal(judge('hxadev-test.hana-x.ai', 22, ECDSA, 'ecdsa-sha2-nistp256').state, 'unknown', 'a dot is a dot');
});

test('a line that calls a key by another type is no entry, unless it revokes the key', () => {
  for (const [marker, state] of [
    ['', 'unknown'],
    ['@revoked ', 'revoked'],
  ]) {
    const line = parseKnownHosts(`${String(marker)}h ssh-rsa ${FIRST}\n`, 'f');
    assert.equal(judgeHostKey(line, knownNames('h', 22, undefined), 'ssh-ed25519', FIRST).state, state);
  }
});

test('a revoked key is always refused, and a certificate authority is named but not trusted', () => {
  assert.equal(judge('hx-stolen', 22, SECOND).state, 'revoked');
  const verdict = judge('git.corp', 22, FIRST);
  assert.deepEqual(verdict.state === 'unknown' ? verdict.authority?.line : verdict.state, 9);
});

test('HostKeyAlias replaces name and port', () => {
  assert.deepEqual(judge('10.0.0.9', 2222, FIRST, 'ssh-ed25519', 'hx-api-server'), { state: 'known' });
});

test('the known types come from the entry that would decide', () => {
  assert.deepEqual(knownTypes(entries, knownNames('llm.dev-test.hana-x.ai', 22, undefined)), ['ecdsa-sha2-nistp256']);
  assert.deepEqual(knownTypes(entries, knownNames('nobody', 22, undefined)), []);
});
