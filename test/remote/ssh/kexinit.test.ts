import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OfferedAlgorithms } from '../../../src/remote/ssh/kexinit.ts';

function list(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text, 'latin1')]);
}

/** A greeting and a first packet with these host key algorithms. */
function opening(hostKeys: string, type = 20): Buffer {
  const payload = Buffer.concat([Buffer.from([type]), Buffer.alloc(16), list('curve25519-sha256'), list(hostKeys)]);
  const padding = Buffer.alloc(4);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + payload.length + padding.length);
  head[4] = padding.length;
  return Buffer.concat([Buffer.from('a notice\r\nSSH-2.0-OpenSSH_9.2p1\r\n'), head, payload, padding]);
}

const offeredIn = (bytes: Buffer, size = bytes.length): readonly string[] => {
  const offered = new OfferedAlgorithms();
  for (let at = 0; at < bytes.length; at += size) offered.read(bytes.subarray(at, at + size));
  return offered.hostKeys;
};

test('the list is read behind notices, in chunks of every size, and what follows is ignored', () => {
  const bytes = Buffer.concat([opening('rsa-sha2-512,ssh-ed25519'), Buffer.from('encrypted SSH-2.0-x\n')]);
  for (const size of [1, 7, 64, bytes.length])
    assert.deepEqual(offeredIn(bytes, size), ['rsa-sha2-512', 'ssh-ed25519'], String(size));
});

test('a name with control characters is left out, and a packet of another kind or cut short offers none', () => {
  assert.deepEqual(offeredIn(opening('ssh-\u001B[2Jx,ssh-ed25519')), ['ssh-ed25519']);
  assert.deepEqual(offeredIn(opening('ssh-ed25519', 1)), []);
  assert.deepEqual(offeredIn(Buffer.from('SSH-2.0-x\r\n\0\0\0\u0008\u0004\u0014aaaaaa', 'latin1')), []);
  assert.deepEqual(offeredIn(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')), []);
});
