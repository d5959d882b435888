import { readFile } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';
import { errorCode, errorMessage } from '../../core/error.ts';

/** A private key file and its state. */
export type PrivateKey =
  | { readonly state: 'usable'; readonly file: string; readonly key: ParsedKey }
  /** `publicKey` comes from the file itself or its `.pub`; an agent may have the private key. */
  | { readonly state: 'encrypted'; readonly file: string; readonly publicKey: Buffer | undefined }
  | { readonly state: 'missing'; readonly file: string }
  | { readonly state: 'unusable'; readonly file: string; readonly why: string };

/** Reads a private key. An encrypted key is usable only through an agent: hxllm does not ask for passphrases. */
export async function readPrivateKey(file: string): Promise<PrivateKey> {
  try {
    const text = await readFile(file, 'utf8');
    if (isEncrypted(text)) return { state: 'encrypted', file, publicKey: await readPublicKey(file) };
    const key = ssh2.utils.parseKey(text);
    if (key instanceof Error) return { state: 'unusable', file, why: key.message };
    return key.isPrivateKey()
      ? { state: 'usable', file, key }
      : { state: 'unusable', file, why: 'it has no private key' };
  } catch (error) {
    return errorCode(error) === 'ENOENT'
      ? { state: 'missing', file }
      : { state: 'unusable', file, why: errorMessage(error) };
  }
}

const OPENSSH = /-----BEGIN OPENSSH PRIVATE KEY-----\s([\s\S]*?)-----END/;

// PEM marks encryption in its header; OpenSSH's own format names the cipher first (PROTOCOL.key).
function isEncrypted(text: string): boolean {
  const [, body] = OPENSSH.exec(text) ?? [];
  if (body === undefined) return /BEGIN ENCRYPTED PRIVATE KEY|^Proc-Type: 4,ENCRYPTED/m.test(text);
  const bytes = Buffer.from(body, 'base64');
  const start = 'openssh-key-v1\0'.length;
  return bytes.subarray(start + 4, start + 4 + bytes.readUInt32BE(start)).toString('latin1') !== 'none';
}

async function readPublicKey(file: string): Promise<Buffer | undefined> {
  const text = await readFile(`${file}.pub`, 'utf8').catch(() => undefined);
  const key = text === undefined ? undefined : ssh2.utils.parseKey(text);
  return key === undefined || key instanceof Error ? undefined : key.getPublicSSH();
}
