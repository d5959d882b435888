import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPem } from '../../src/core/certificate.ts';
import { Secret } from '../../src/core/secret.ts';
import { rendersToKeep } from '../../src/phases/validate/render.ts';
import { renderHostFiles } from '../../src/render/host-files.ts';
import { certificateText } from '../certificates/certificates.ts';
import { hostOf } from '../phases/preflight/host.ts';
import { settings } from './settings.ts';

const text = certificateText('good.pem');
const KEY = { key: new Secret(`sk-${'a1'.repeat(32)}`) };
const SENT = {
  from: 'sent',
  certificates: readPem(text).certificates,
  text,
  key: new Secret(certificateText('good.key')),
} as const;

test('files on the host are named in config.yaml, and none is sent', () => {
  const files = renderHostFiles(settings({ tls: { from: 'host', certFile: '/c.pem', keyFile: '/k.key' } }), KEY);
  assert.ok(files.ok);
  const [config] = files.value;
  assert.match(
    config?.content.kind === 'text' ? config.content.text : '',
    /\n {2}tls:\n {4}cert: \/c\.pem\n {4}key: \/k\.key\n/,
  );
  assert.ok(!files.value.some(({ name }) => name.startsWith('tls-')));
});

test('a pair that is sent is for root and the group of the service; without the vault the key alone is unknown', () => {
  const render = (key: Secret | undefined): readonly string[] => {
    const files = renderHostFiles(settings({ tls: { ...SENT, key } }), KEY);
    assert.ok(files.ok);
    return files.value
      .filter(({ name }) => name.startsWith('tls-'))
      .map(
        ({ path, owner, group, mode, content }) =>
          `${path} ${owner ?? ''}:${group ?? ''} ${mode.toString(8)} ${content.kind}`,
      );
  };
  const [cert, key] = ['/etc/litellm/tls-cert.pem root:litellm 640 text', '/etc/litellm/tls-key.pem root:litellm 640'];
  assert.deepEqual(render(SENT.key), [cert, `${key} secret`]);
  assert.deepEqual(render(undefined), [cert, `${key} unknown`]);
});

test('the renders that validate keeps have no private key', () => {
  const kept = rendersToKeep(hostOf('h', { ...settings(), tls: SENT }));
  assert.equal(kept.get('tls-key.pem'), '[redacted]');
  assert.doesNotMatch([...kept.values()].join('\n'), /PRIVATE KEY/);
});
