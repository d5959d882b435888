import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { getuid } from 'node:process';
import ssh2, { type ParsedKey } from 'ssh2';
import { errorCode, errorMessage } from '../../core/error.ts';
import { shellLine } from '../../core/shell.ts';
import { openSshPem } from './openssh-pem.ts';

/** A key file and its state. `publicKey` comes from the file itself or its `.pub`; an agent may have the private key. */
export type PrivateKey =
  | { readonly state: 'usable'; readonly file: string; readonly key: ParsedKey }
  | { readonly state: 'encrypted'; readonly file: string; readonly publicKey: Buffer | undefined }
  /** The file has a public key only, or it is missing beside its `.pub`. */
  | { readonly state: 'public'; readonly file: string; readonly publicKey: Buffer }
  | { readonly state: 'missing'; readonly file: string }
  | {
      readonly state: 'unusable';
      readonly file: string;
      readonly why: string;
      readonly fix?: string;
      /** OpenSSH has this kind of key, and ssh2 does not. */
      readonly foreign?: boolean;
    };

const PEM = /-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----[\s\S]*?-----END \1PRIVATE KEY-----/;

/** Reads a key file as OpenSSH does. An encrypted key needs an agent that has it, or its passphrase: `unlockPrivateKey`. */
export async function readPrivateKey(file: string): Promise<PrivateKey> {
  try {
    const found = await stat(file);
    // A pipe without a writer would never end, and nothing can interrupt the reading.
    if (!found.isFile()) return { state: 'unusable', file, why: 'it is not a regular file' };
    const text = await readFile(file, 'utf8');
    const pem = PEM.exec(text);
    if (pem === null && !text.startsWith('PuTTY-')) return publicOnly(file, text);
    // OpenSSH ignores such a key, too (sshkey_perm_ok).
    if (found.uid === getuid?.() && (found.mode & 0o077) !== 0) {
      const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
      const why = `its permissions ${mode} are too open: ssh, too, refuses a private key that others may read`;
      return { state: 'unusable', file, why, fix: shellLine(['chmod', '600', file]) };
    }
    const [block = text, kind = ''] = pem ?? [];
    if (isEncrypted(block))
      return { state: 'encrypted', file, publicKey: publicKeyInside(block) ?? (await publicKeyBeside(file)) };
    const key = kind === 'OPENSSH ' || pem === null ? parsePrivate(block) : convert(block);
    return typeof key === 'string'
      ? { state: 'unusable', file, why: key, foreign: key.includes('FIDO') }
      : { state: 'usable', file, key };
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') return { state: 'unusable', file, why: errorMessage(error) };
    const publicKey = await publicKeyBeside(file);
    return publicKey === undefined ? { state: 'missing', file } : { state: 'public', file, publicKey };
  }
}

/** The key of an encrypted file; undefined if the passphrase is wrong or the file cannot be read. */
export async function unlockPrivateKey(file: string, passphrase: string): Promise<ParsedKey | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [block = text, kind = ''] = PEM.exec(text) ?? [];
  try {
    const key = kind === 'OPENSSH ' || block === text ? parsePrivate(block, passphrase) : convert(block, passphrase);
    return typeof key === 'string' ? undefined : key;
  } catch {
    return undefined;
  }
}

function publicOnly(file: string, text: string): PrivateKey {
  const publicKey = publicKeyIn(text);
  if (publicKey !== undefined) return { state: 'public', file, publicKey };
  const [type] = /\b\S+-cert-v01@openssh\.com\b/.exec(text) ?? /\bsk-\S+@openssh\.com\b/.exec(text) ?? [];
  return {
    state: 'unusable',
    file,
    why: type === undefined ? 'it has no private key' : `hxllm cannot use the type ${type}`,
    foreign: type !== undefined,
  };
}

function parsePrivate(text: string, passphrase?: string): ParsedKey | string {
  const key = ssh2.utils.parseKey(text.replaceAll('\r\n', '\n'), passphrase);
  if (key instanceof Error)
    return /sk-(?:ssh|ecdsa)/.test(Buffer.from(text.replaceAll(/-----.*-----|\s/g, ''), 'base64').toString('latin1'))
      ? 'it is a FIDO key (sk-…), whose signatures hxllm cannot make; use a key of type ed25519, ecdsa or rsa'
      : key.message;
  return key.isPrivateKey() ? key : 'it has no private key';
}

// ssh2 reads OpenSSH's own format, and PEM of one kind for each type: node:crypto turns PKCS#8 into it.
function convert(pem: string, passphrase?: string): ParsedKey | string {
  const key: KeyObject = passphrase === undefined ? createPrivateKey(pem) : createPrivateKey({ key: pem, passphrase });
  const { asymmetricKeyType: type } = key;
  if (type === 'rsa') return parsePrivate(key.export({ type: 'pkcs1', format: 'pem' }).toString().trim());
  if (type === 'ec') return parsePrivate(key.export({ type: 'sec1', format: 'pem' }).toString().trim());
  if (type === 'ed25519') return parsePrivate(openSshPem(key));
  return `SSH has no keys of the type ${type ?? 'unknown'}`;
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

// OpenSSH's format keeps the public key readable: cipher, key derivation and its options, a count, the public key.
function publicKeyInside(text: string): Buffer | undefined {
  const [, body] = OPENSSH.exec(text) ?? [];
  if (body === undefined) return undefined;
  const bytes = Buffer.from(body, 'base64');
  let at = 'openssh-key-v1\0'.length;
  try {
    for (let skipped = 0; skipped < 3; skipped += 1) at += 4 + bytes.readUInt32BE(at);
    at += 4;
    return bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at));
  } catch {
    return undefined;
  }
}

/** A public key from its bytes; undefined for a type that ssh2 does not know. */
export function parsePublicKey(blob: Buffer): ParsedKey | undefined {
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
  const key = ssh2.utils.parseKey(`${type} ${blob.toString('base64')}`);
  return key instanceof Error ? undefined : key;
}

async function publicKeyBeside(file: string): Promise<Buffer | undefined> {
  return publicKeyIn(await readFile(`${file}.pub`, 'utf8').catch(() => ''));
}

function publicKeyIn(text: string): Buffer | undefined {
  const key = ssh2.utils.parseKey(text);
  return key instanceof Error || key.isPrivateKey() ? undefined : key.getPublicSSH();
}
