import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { errorCode, errorMessage } from '../../core/error.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { quote } from '../../core/shell.ts';
import { packageOffline } from '../../core/without-internet.ts';
import { MANIFEST, SIGNATURE } from '../manifest.ts';

/** The namespace of the signatures: one for evidence is none for a commit or a login. */
export const NAMESPACE = 'hxllm-evidence';

const FILE_MODE = 0o600;
/** Time for a person to type a passphrase, or to touch a key. */
const PATIENCE_MS = 120_000;

/** The key of the operator, and the terminal that it may ask. */
export interface Signer {
  /** The path of the private key, or of the public one if an agent has the private one. */
  readonly key: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether ssh-keygen may ask for a passphrase on the terminal. */
  readonly mayAsk: boolean;
  readonly signal: AbortSignal;
}

/** Signs the manifest in the folder of a closed run with `ssh-keygen -Y sign`. Problem `evidence.unsigned`. */
export async function signRun(folder: string, signer: Signer): Promise<Result<void>> {
  const { key, environment, mayAsk, signal } = signer;
  try {
    const child = spawn('ssh-keygen', ['-Y', 'sign', '-f', key, '-n', NAMESPACE], {
      env: environment,
      stdio: 'pipe',
      // Without a terminal of its own it fails instead of asking.
      detached: !mayAsk,
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    // A program that ends before it reads closes its input.
    child.stdin.on('error', () => {});
    child.stdin.end(readFileSync(join(folder, MANIFEST)));
    const ended = once(child, 'close');
    const [signature, said, [exitCode]] = await Promise.all([readAll(child.stdout), readAll(child.stderr), ended]);
    if (exitCode !== 0 || !isArmored(signature)) return fail(unsigned(key, wordsOf(said, exitCode)));
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = openSync(join(folder, SIGNATURE), flags, FILE_MODE);
    try {
      writeFileSync(file, signature);
    } finally {
      closeSync(file);
    }
    return ok(undefined);
  } catch (error) {
    return fail(errorCode(error) === 'ENOENT' ? withoutKeygen() : unsigned(key, errorMessage(error)));
  }
}

/** Whether a text is exactly one signature as ssh-keygen writes it: the header, lines of 70 characters of base64, the footer. */
export function isArmored(text: string): boolean {
  const body =
    /^-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/]{70}\n)*[A-Za-z0-9+/=]{1,70})\n-----END SSH SIGNATURE-----\n$/.exec(
      text,
    )?.[1];
  const joined = body?.replaceAll('\n', '');
  return joined !== undefined && Buffer.from(joined, 'base64').toString('base64') === joined;
}

/** The Problem of a machine without ssh-keygen. */
export function withoutKeygen(): Problem {
  return {
    code: 'evidence.unsigned',
    summary: 'there is no ssh-keygen',
    detail:
      'Expected ssh-keygen of OpenSSH 8.2 or newer in PATH, found none: it makes and checks the signatures of evidence.',
    fix: `sudo apt-get install openssh-client  # ${packageOffline('openssh-client')}`,
  };
}

function unsigned(key: string, found: string): Problem {
  return {
    code: 'evidence.unsigned',
    summary: 'the evidence of this run is not signed',
    detail: `Expected ssh-keygen to sign with the key of litellm_evidence_signing_key, ${key}, found: ${found}. The evidence is whole otherwise.`,
    fix: `ssh-keygen -Y sign -f ${quote(key)} -n ${NAMESPACE} ${MANIFEST}  # in the folder of the run; for a key with a passphrase: ssh-add ${quote(key.replace(/\.pub$/, ''))} first`,
  };
}

function wordsOf(said: string, exitCode: unknown): string {
  const lines = said.split(/\r?\n/).map((line) => line.trim().replace(/\.$/, ''));
  return lines.findLast((line) => line !== '') ?? `exit code ${String(exitCode)}`;
}
