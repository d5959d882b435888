import { createCipheriv, createDecipheriv, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Secret } from '../../core/secret.ts';
import { writeEnvelope, type Envelope } from './envelope.ts';

const ROUNDS = 10_000;
const derive = promisify(pbkdf2);

interface Keys {
  readonly cipher: Buffer;
  readonly hmac: Buffer;
  readonly counter: Buffer;
}

/** Encrypts a text or bytes as `ansible-vault encrypt` does. The default salt is random. */
export async function encryptVault(
  plaintext: string | Buffer,
  password: Secret<Buffer>,
  options: { readonly id?: string; readonly salt?: Buffer } = {},
): Promise<string> {
  const salt = options.salt ?? randomBytes(32);
  const keys = await deriveKeys(password, salt);
  // PKCS#7 padding is added by hand: OpenSSL does not pad in counter mode.
  const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext;
  const padding = 16 - (bytes.length % 16);
  const cipher = createCipheriv('aes-256-ctr', keys.cipher, keys.counter);
  const ciphertext = Buffer.concat([
    cipher.update(bytes),
    cipher.update(Buffer.alloc(padding, padding)),
    cipher.final(),
  ]);
  return writeEnvelope({ id: options.id ?? 'default', salt, hmac: checksumOf(ciphertext, keys), ciphertext });
}

/** Decrypts into bytes; `undefined` if the password is wrong, which is checked in constant time before decryption. */
export async function decryptVault(envelope: Envelope, password: Secret<Buffer>): Promise<Buffer | undefined> {
  const keys = await deriveKeys(password, envelope.salt);
  const wanted = checksumOf(envelope.ciphertext, keys);
  if (envelope.hmac.length !== wanted.length || !timingSafeEqual(envelope.hmac, wanted)) return undefined;
  const decipher = createDecipheriv('aes-256-ctr', keys.cipher, keys.counter);
  const padded = Buffer.concat([decipher.update(envelope.ciphertext), decipher.final()]);
  return padded.subarray(0, padded.length - (padded.at(-1) ?? 0));
}

async function deriveKeys(password: Secret<Buffer>, salt: Buffer): Promise<Keys> {
  const key = await derive(password.reveal(), salt, ROUNDS, 80, 'sha256');
  return { cipher: key.subarray(0, 32), hmac: key.subarray(32, 64), counter: key.subarray(64, 80) };
}

function checksumOf(ciphertext: Buffer, keys: Keys): Buffer {
  return createHmac('sha256', keys.hmac).update(ciphertext).digest();
}
