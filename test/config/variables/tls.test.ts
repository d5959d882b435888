import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateText } from '../../certificates/certificates.ts';
import { hostOf, problemsOf, Tree } from '../tree.ts';

const MAIN = 'inventories/group_vars/all/main.yml';
const block = (name: string, text: string): string => `${name}: |\n${text.trimEnd().replaceAll(/^/gm, '  ')}\n`;
const loaded = async (text: string): ReturnType<Tree['load']> => {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n', [MAIN]: text });
  return await tree.load();
};

test('two paths on the host, or two texts of a pair, are taken; without both the gateway speaks plain HTTP', async () => {
  const host = hostOf(await loaded('litellm_tls_cert: /etc/ssl/a.pem\nlitellm_tls_key: /etc/ssl/private/a.key\n'));
  assert.deepEqual(host.settings.tls, { from: 'host', certFile: '/etc/ssl/a.pem', keyFile: '/etc/ssl/private/a.key' });
  const { tls } = hostOf(
    await loaded(
      block('litellm_tls_cert', certificateText('leaf.pem')) + block('litellm_tls_key', certificateText('leaf.key')),
    ),
  ).settings;
  assert.ok(tls?.from === 'sent');
  assert.deepEqual(
    [tls.certificates.length, tls.text, tls.key?.reveal()],
    [2, certificateText('leaf.pem'), certificateText('leaf.key')],
  );
  assert.doesNotMatch(JSON.stringify(tls), /PRIVATE/);
  assert.equal(hostOf(await loaded('litellm_port: 4000\n')).settings.tls, undefined);
});

test('halves, two forms, pairs that do not fit and keys with a passphrase are refused, and no key is shown', async () => {
  const [cert, key] = [certificateText('good.pem'), certificateText('good.key')];
  for (const [text, message] of [
    ['litellm_tls_cert: /a.pem\n', /litellm_tls_key beside litellm_tls_cert/],
    ['litellm_tls_key: /a.key\n', /litellm_tls_cert beside litellm_tls_key/],
    ['litellm_tls_cert: a.pem\nlitellm_tls_key: /a.key\n', /an absolute path on the host/],
    ['litellm_tls_cert: /root/a.pem\nlitellm_tls_key: /a.key\n', /nothing below \/root/],
    [`litellm_tls_cert: /a.pem\n${block('litellm_tls_key', key)}`, /in the same form/],
    [
      block('litellm_tls_cert', cert) + block('litellm_tls_key', certificateText('leaf.key')),
      /the private key of CN=good/,
    ],
    [block('litellm_tls_cert', cert + key) + block('litellm_tls_key', key), /certificates in PEM alone/],
    [
      block('litellm_tls_cert', cert) +
        block('litellm_tls_key', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA\n-----END ENCRYPTED PRIVATE KEY-----'),
      /without a passphrase/,
    ],
    [
      block('litellm_tls_cert', cert) +
        block('litellm_tls_key', '-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----'),
      /a private key in PEM/,
    ],
  ] as const) {
    const problems = problemsOf(await loaded(text));
    assert.match(
      problems.map(({ summary, detail, fix }) => `${summary} ${detail} ${fix}`).join('\n'),
      message,
      text.slice(0, 60),
    );
    assert.ok(!JSON.stringify(problems).includes(key.split('\n')[1] ?? ''));
  }
});
