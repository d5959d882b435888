import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TlsSettings } from '../../../src/config/trust-settings.ts';
import { readPem } from '../../../src/core/certificate.ts';
import { Secret } from '../../../src/core/secret.ts';
import { certificateText } from '../../certificates/certificates.ts';
import { GATEWAY, makeStage, type Seen, type Stage } from './stage.ts';

// One host for the tests in this file, in their order: each test starts with the state that the previous one left.
let stage: Stage;
before(async () => {
  stage = await makeStage();
});
after(async () => {
  await stage[Symbol.asyncDispose]();
});

function pair(name: string): TlsSettings {
  const text = certificateText(`${name}.pem`);
  const { certificates } = readPem(text);
  return { from: 'sent', certificates, text, key: new Secret(certificateText(`${name}.key`)) };
}

const at = (name: string): string => join(stage.prefix, 'etc/litellm', name);
const rollback = (to: number): Promise<Seen> =>
  stage.enforce(
    GATEWAY,
    { masterKey: { state: 'locked', file: '/vault.yml' }, tls: { ...pair('good'), key: undefined } as TlsSettings },
    { rollback: { to, codeOnly: false } },
  );

test('a rollback keeps the certificate and the key that are valid now, and the key is in no record of it', async () => {
  await stage.enforce(GATEWAY);
  await stage.enforce(GATEWAY, { tls: pair('good') });
  const renewed = await stage.enforce(GATEWAY, { tls: pair('leaf'), routingStrategy: 'simple-shuffle' });
  assert.equal(renewed.ending, 'passed', JSON.stringify(renewed.problems));
  const back = await rollback(2);
  assert.deepEqual([back.ending, back.problems], ['passed', []]);
  assert.match(readFileSync(at('config.yaml'), 'utf8'), /least-busy[\s\S]*\n {2}tls:/);
  for (const kind of ['pem', 'key'])
    assert.ok(
      readFileSync(at(kind === 'pem' ? 'tls-cert.pem' : 'tls-key.pem'), 'utf8').includes(
        certificateText(`leaf.${kind}`),
      ),
    );
  assert.doesNotMatch(
    JSON.stringify([renewed.events, [...renewed.files], back.events, [...back.files]]),
    /PRIVATE KEY/,
  );
  assert.ok(!existsSync(join(stage.prefix, 'opt/litellm/deployments/3/files/tls-key.pem')));
});

test('a rollback to a time before TLS removes the pair, and the way forward is told', async () => {
  const back = await rollback(1);
  assert.deepEqual([back.ending, back.problems], ['passed', []]);
  for (const name of ['tls-cert.pem', 'tls-key.pem']) assert.ok(!existsSync(at(name)), name);
  assert.deepEqual(
    (await rollback(2)).problems.map(({ code }) => code),
    ['rollback.no-certificate'],
  );
});
