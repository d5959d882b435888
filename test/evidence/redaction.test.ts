import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../src/core/secret.ts';
import { createRedaction } from '../../src/evidence/redaction.ts';

const redaction = createRedaction();

test('text that looks like an API key, credentials in a URL or a header, or a private key is masked', () => {
  assert.equal(redaction.text(`key: sk-${'0'.repeat(64)}.`), 'key: sk-[redacted].');
  assert.equal(redaction.text('http://ada:pw@host:1/x'), 'http://[redacted]@host:1/x');
  assert.equal(redaction.text('Authorization: Bearer abc.def-ghi'), 'Authorization: Bearer [redacted]');
  assert.equal(
    redaction.text('a\n-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\nb'),
    'a\n[redacted]\nb',
  );
  assert.equal(redaction.text('-----BEGIN PRIVATE KEY-----\ncut off'), '[redacted]');
  assert.equal(
    redaction.text(`ssh -o 'ProxyCommand=sshpass -v -p "s 1" ssh x' -o ProxyCommand='sshpass -ps2 ssh'`),
    `ssh -o 'ProxyCommand=sshpass -v -p [redacted] ssh x' -o ProxyCommand='sshpass -p[redacted] ssh'`,
  );
});

test('ordinary text stays as it is', () => {
  for (const text of [
    'disk-usage-percent',
    'task-force-something',
    'http://host:11434/api/tags',
    'see user@host',
    'basic auth',
    'git@host:path',
    'sk-',
    'scp://host/a@b',
  ])
    assert.equal(redaction.text(text), text);
});

test('two secrets are masked fully when one contains the other', () => {
  const two = createRedaction();
  two.add(new Secret('passw0rd'));
  two.add(new Secret('passw0rd-and-more'));
  assert.equal(two.text('passw0rd-and-more passw0rd'), '[redacted] [redacted]');
});

test('an empty secret masks nothing, and a password with a line end masks the bare word too', () => {
  const known = createRedaction();
  known.add(new Secret(''));
  known.add(new Secret('hunter2\n'));
  assert.equal(known.text('hunter2 abc'), '[redacted] abc');
});

test('a secret that ordinary text may hold is refused: masking it would tell it', () => {
  const known = createRedaction();
  for (const common of ['', 'dev', 'secret', 'password', 'production', '20261128', 'a1', 'hx-api', 'Admin']) {
    assert.equal(known.add(new Secret(common)), false, common);
    assert.equal(known.text(`host ${common}-test`), `host ${common}-test`);
  }
  for (const rare of ['hunter2', 'correcthorse', 'S3cret', `sk-${'ab'.repeat(32)}`])
    assert.equal(known.add(new Secret(rare)), true, rare);
});

test('data keeps its shape', () => {
  const known = createRedaction();
  known.add(new Secret('tr\u00FCe-7'));
  assert.deepEqual(
    known.data({
      a: true,
      b: 'tr\u00FCe-7',
      c: [1, null],
      d: new Date(0),
      e: new Map([['x', 'tr\u00FCe-7']]),
      f: new Error('is tr\u00FCe-7'),
    }),
    {
      a: true,
      b: '[redacted]',
      c: [1, null],
      d: '1970-01-01T00:00:00.000Z',
      e: { x: '[redacted]' },
      f: { name: 'Error', message: 'is [redacted]' },
    },
  );
});
