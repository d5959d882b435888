import assert from 'node:assert/strict';
import { request } from 'node:http';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { foreignCaller } from '../../../src/gateway/auth/local-callers.ts';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway } from '../running.ts';

const ORIGINS = new Set(['https://chat.example']);

test('local names and addresses may use a gateway without a key, other names may not', () => {
  const local = ['localhost', 'localhost:4000', 'LOCALHOST', 'a.localhost', 'box.local', 'llm.internal.', hostname()];
  const addresses = [
    '127.0.0.1:4000',
    '127.8.8.8',
    '[::1]:4000',
    '[::1]',
    '10.1.2.3:80',
    '192.168.7.7',
    '0.0.0.0:4000',
    // Link-local, private and unspecified addresses.
    '169.254.1.1',
    '172.16.0.1',
    '172.31.255.255:4000',
    '[fd00::1]:4000',
    '[fe80::1]',
    '[::]:4000',
  ];
  for (const host of [...local, ...addresses, '', undefined])
    assert.equal(foreignCaller({ host }, ORIGINS), undefined, host);
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '8.8.8.8',
    '[2001:db8::1]:4000',
    'notlocalhost',
    '[::1',
    '[::1].evil.example',
    'evil.example/.localhost',
    'evil.example#.localhost',
    'evil.example:80 .localhost',
    'me@evil.localhost',
    '::1:80',
    '172.15.255.255',
    '172.32.0.1',
    '11.0.0.1',
    '0.0.0.1',
    '169.255.0.1',
    '[fbff::1]',
    '[fec0::1]',
  ])
    assert.equal(foreignCaller({ host }, ORIGINS)?.kind, 'forbidden', host);
});

test('a page needs an origin of hxllm.origins', () => {
  assert.equal(foreignCaller({ host: 'localhost', origin: 'https://chat.example' }, ORIGINS), undefined);
  for (const origin of ['https://evil.example', 'null', 'http://localhost:3000'])
    assert.equal(foreignCaller({ host: 'localhost', origin }, ORIGINS)?.code, 'foreign_caller', origin);
});

const GETS: ReadonlySet<string> = new Set(['/v1/models', '/model/info', '/api/tags']);

/** The status of a request with these headers, which fetch would not send. */
function statusOf(url: string, path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = request(`${url}${path}`, { headers, method: GETS.has(path) ? 'GET' : 'POST' }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  sent.on('error', reject).end(GETS.has(path) ? undefined : '{"model":"m","messages":[]}');
  return promise;
}

test('a gateway without a key refuses foreign callers on every path that needs one; with a key, or open, it does not look', async () => {
  await using fake = await startFake();
  await using keyless = await startGateway([fake], { general_settings: {} });
  await using open = await startGateway([fake], { general_settings: {}, hxllm: { open: true } });
  await using keyed = await startGateway([fake]);
  for (const path of ['/v1/models', '/v1/chat/completions', '/v1/messages', '/api/chat'])
    assert.equal(await statusOf(keyless.url, path, { host: 'evil.example' }), 403, path);
  for (const path of ['/v1/models', '/model/info', '/v1/chat/completions', '/v1/messages', '/api/chat', '/api/tags'])
    assert.equal(await statusOf(keyless.url, path, { origin: 'https://evil.example' }), 403, path);
  assert.equal(await statusOf(keyless.url, '/v1/models', { host: 'localhost' }), 200);
  assert.equal(await statusOf(open.url, '/v1/models', { host: 'llm.example', origin: 'https://a.example' }), 200);
  const authorization = `Bearer ${KEY}`;
  const foreign = { host: 'llm.example', origin: 'https://evil.example' };
  for (const path of ['/v1/models', '/model/info', '/api/tags', '/v1/chat/completions', '/v1/messages', '/api/chat']) {
    const status = await statusOf(keyed.url, path, { ...foreign, authorization });
    // Without messages /api/chat loads the model, and the others refuse the body.
    assert.equal(status, GETS.has(path) || path === '/api/chat' ? 200 : 400, path);
    assert.equal(await statusOf(keyed.url, path, foreign), 401, path);
  }
});
