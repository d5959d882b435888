import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { authoritiesText } from '../../src/core/certificate.ts';
import { sha256 } from '../../src/core/hash.ts';
import { runtimeTlsQuestion, type RuntimeTls, type RuntimeTlsPlace } from '../../src/facts/runtime-tls.ts';
import { authorityFile } from '../certificates/certificates.ts';
import { tlsServer } from '../certificates/tls-server.ts';
import { quietPort } from '../port.ts';

const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'hxllm-runtime-'));
after(() => rmSync(root, { recursive: true }));
mkdirSync(join(root, 'node/bin'), { recursive: true });
mkdirSync(join(root, 'current'));
mkdirSync(join(root, 'bin'));
symlinkSync(process.execPath, join(root, 'node/bin/node'));
writeFileSync(join(root, 'current/gateway'), `#!/bin/sh\nexec '${join(root, 'node/bin/node')}' $trust gateway.mjs\n`);
// Only root may change its user: here the program runs as the user of the test.
writeFileSync(join(root, 'bin/setpriv'), '#!/bin/bash\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n');
chmodSync(join(root, 'bin/setpriv'), 0o755);
const text = authoritiesText(authorityFile('ca.pem').certificates);
writeFileSync(join(root, 'ca.pem'), text);

const { username } = userInfo();
const place: RuntimeTlsPlace = {
  current: join(root, 'current'),
  user: username,
  group: username,
  caFile: join(root, 'ca.pem'),
  caSha256: sha256(text),
};

async function ask(servers: readonly (readonly [string, number])[], over: Partial<RuntimeTlsPlace> = {}) {
  const question = runtimeTlsQuestion({ ...place, ...over }, servers);
  const { stdout } = await run('bash', ['-c', question.script, 'hxllm', ...(question.arguments ?? [])], {
    env: { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}` },
  });
  return question.parse({ stdout, exitCode: 0 });
}

function failuresOf(asked: RuntimeTls): ReadonlyMap<string, string> {
  assert.ok(asked.state === 'tried', JSON.stringify(asked));
  return asked.failures;
}

test('the runtime connects with the installed authorities, or gives Node’s code and message', async () => {
  const names = ['good', 'expired', 'wrong-name', 'untrusted', 'leaf'] as const;
  await using servers = new AsyncDisposableStack();
  const ports = await Promise.all(names.map(async (name) => servers.use(await tlsServer(name)).port));
  const closed = await quietPort();
  const failures = failuresOf(await ask([...ports, closed].map((port) => ['localhost', port] as const)));
  const seen = [...ports, closed].map((port) => failures.get(`localhost ${String(port)}`)?.split(' ')[0]);
  assert.deepEqual(seen.slice(0, 5), [
    '',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    '',
  ]);
  assert.equal(seen[5], 'ECONNREFUSED');
});

test('an address is compared with the addresses of the certificate', async () => {
  await using server = await tlsServer('good');
  assert.deepEqual([...failuresOf(await ask([['127.0.0.1', server.port]])).values()], ['']);
});

test('without a runtime, an account, or the authorities of today nothing is tried', async () => {
  const servers = [['localhost', 1]] as const;
  assert.deepEqual(await ask(servers, { current: join(root, 'none') }), { state: 'no-runtime' });
  assert.deepEqual(await ask(servers, { user: 'no-such-user' }), { state: 'no-user' });
  assert.deepEqual(await ask(servers, { caSha256: 'ab' }), { state: 'other-authorities' });
  assert.deepEqual(failuresOf(await ask([])), new Map());
});
