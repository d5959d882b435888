import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Whether a key (its blob) is revoked. */
export type IsRevoked = (key: Buffer) => boolean;

const MAGIC = Buffer.from('SSHKRL\n\0', 'latin1');
const EXPLICIT_KEYS = 2;
const SHA1_FINGERPRINTS = 3;
const SHA256_FINGERPRINTS = 5;

/**
 * Reads a file of `RevokedHostKeys`: public keys, one on each line, or a key revocation list (OpenSSH's PROTOCOL.krl).
 * Certificates are not looked at, since hxllm takes none. `undefined` if the file cannot be read or is cut off: then OpenSSH
 * refuses every key.
 */
export async function readRevokedKeys(file: string): Promise<IsRevoked | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return undefined;
  return bytes.subarray(0, MAGIC.length).equals(MAGIC) ? ofList(bytes) : ofText(bytes.toString('utf8'));
}

function ofText(text: string): IsRevoked {
  const keys = new Set(
    text.split('\n').flatMap((line) => /^\s*(?!#).*?\b(?:ssh|ecdsa|sk)-\S+\s+(\S+)/.exec(line)?.[1] ?? []),
  );
  return (key) => keys.has(key.toString('base64'));
}

function ofList(bytes: Buffer): IsRevoked | undefined {
  const [keys, sha1, sha256] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const sets: Readonly<Record<number, Set<string>>> = {
    [EXPLICIT_KEYS]: keys,
    [SHA1_FINGERPRINTS]: sha1,
    [SHA256_FINGERPRINTS]: sha256,
  };
  try {
    // The format's version, the list's version, a date and flags; then two texts.
    let at = MAGIC.length + 4 + 8 + 8 + 8;
    const next = (from: Buffer, place: number): Buffer => {
      const length = from.readUInt32BE(place);
      if (place + 4 + length > from.length) throw new RangeError('the list is cut off');
      return from.subarray(place + 4, place + 4 + length);
    };
    for (let texts = 0; texts < 2; texts += 1) at += 4 + next(bytes, at).length;
    while (at < bytes.length) {
      const kind = bytes.readUInt8(at);
      const section = next(bytes, at + 1);
      at += 5 + section.length;
      const set = sets[kind];
      if (set === undefined) continue;
      for (let inside = 0; inside < section.length;) {
        const entry = next(section, inside);
        set.add(entry.toString('base64'));
        inside += 4 + entry.length;
      }
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  const digest = (algorithm: string, key: Buffer): string => createHash(algorithm).update(key).digest('base64');
  return (key) =>
    keys.has(key.toString('base64')) || sha1.has(digest('sha1', key)) || sha256.has(digest('sha256', key));
}
