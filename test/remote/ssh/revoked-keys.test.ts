import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRevokedKeys } from '../../../src/remote/ssh/revoked-keys.ts';

// Lists made by ssh-keygen -k of OpenSSH 9.2; each revokes the key a and not b, as ssh-keygen -Q says.
const SAMPLES = join(import.meta.dirname, 'samples/revoked');
const text = (name: string): string => readFileSync(join(SAMPLES, `${name}.pub`), 'utf8');
const blob = (name: string): Buffer => Buffer.from(text(name).split(' ')[1] ?? '', 'base64');

for (const file of ['keys.krl', 'sha1.krl', 'sha256.krl', 'a.pub'])
  test(`${file} revokes its key and no other`, async () => {
    const isRevoked = await readRevokedKeys(join(SAMPLES, file));
    assert.deepEqual([isRevoked?.(blob('a')), isRevoked?.(blob('b'))], [true, false]);
  });

test('comments, options and empty lines of a text are no keys, and a commented key is not revoked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-revoked-'));
  const file = join(folder, 'keys');
  writeFileSync(file, `\n# ${text('b')}\nno-pty ${text('a')}`);
  const isRevoked = await readRevokedKeys(file);
  assert.deepEqual([isRevoked?.(blob('a')), isRevoked?.(blob('b'))], [true, false]);
  rmSync(folder, { recursive: true });
});

test('a missing list, and one that is cut off anywhere, is no list', async () => {
  assert.equal(await readRevokedKeys(join(SAMPLES, 'nowhere')), undefined);
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-revoked-'));
  const whole = readFileSync(join(SAMPLES, 'keys.krl'));
  for (let length = 8; length < whole.length; length += 1) {
    const file = join(folder, String(length));
    writeFileSync(file, whole.subarray(0, length));
    const isRevoked = await readRevokedKeys(file);
    // A list that ends behind its head revokes nothing, and cannot be told from a whole one.
    assert.ok(isRevoked === undefined || length === 44, String(length));
  }
  rmSync(folder, { recursive: true });
});
