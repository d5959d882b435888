import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../core/error.ts';
import { placeOfRun, type ChainLink } from '../chain/link.ts';
import { MANIFEST, SIGNATURE } from '../manifest.ts';
import type { Finding } from '../verify/finding.ts';
import { isArmored, NAMESPACE, withoutKeygen } from './sign.ts';

/** The signatures of a chain. */
export interface SignatureCheck {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/** The key of a good signature, or the reason why it is none. */
type Judged = { readonly signer: string } | { readonly fault: string };

/**
 * Checks every signature below an evidence folder with ssh-keygen. `signersFile`: the allowed signers of ssh-keygen(1); without it the key is
 * named, and its owner is for the reader to judge. A run that should have a signature and has none is a finding unless a later one is signed.
 */
export function checkSignatures(
  root: string,
  links: readonly ChainLink[],
  shouldBeSigned: (link: ChainLink) => boolean,
  signersFile: string | undefined,
): SignatureCheck {
  const findings: Finding[] = [];
  const signers = new Map<string, number>();
  const missing: ChainLink[] = [];
  let newest: ChainLink | undefined;
  for (const link of links) {
    const path = `${placeOfRun(link)}/${SIGNATURE}`;
    if (lstatSync(join(root, path), { throwIfNoEntry: false }) === undefined) {
      if (shouldBeSigned(link)) missing.push(link);
      continue;
    }
    const judged = judge(join(root, placeOfRun(link)), signersFile);
    if ('fault' in judged)
      findings.push({ kind: 'unsigned', path, expected: `a signature of ${MANIFEST}`, found: judged.fault });
    else {
      signers.set(judged.signer, (signers.get(judged.signer) ?? 0) + 1);
      newest = link;
      missing.length = 0;
    }
  }
  for (const link of missing)
    findings.push({
      kind: 'unsigned',
      path: `${placeOfRun(link)}/${SIGNATURE}`,
      expected: 'a signature, by its manifest',
      found: 'none, and no later run is signed: signing failed, or it was removed',
    });
  if (newest === undefined) return { findings, notes: [] };
  const by = [...signers].map(([signer, count]) => `${String(count)} by ${signer}`).join(', ');
  const whose =
    signersFile === undefined ? '; compare the key with the operator’s, or name --allowed-signers FILE' : '';
  return {
    findings,
    notes: [`signatures: ${by}; that of ${placeOfRun(newest)} vouches for all runs before it${whose}`],
  };
}

function judge(folder: string, signersFile: string | undefined): Judged {
  const signature = join(folder, SIGNATURE);
  if (!lstatSync(signature).isFile() || !isArmored(readFileSync(signature, 'utf8')))
    return { fault: 'another text than ssh-keygen writes' };
  const input = readFileSync(join(folder, MANIFEST));
  const common = ['-n', NAMESPACE, '-s', signature];
  if (signersFile === undefined) {
    const { error, stdout, stderr } = keygen(['-Y', 'check-novalidate', ...common], input);
    if (isMissing(error)) return { fault: withoutKeygen().detail };
    const key = /^Good .* signature with (.+)$/m.exec(stdout)?.[1];
    return key === undefined ? { fault: said(stderr, stdout) } : { signer: key };
  }
  const found = keygen(['-Y', 'find-principals', '-s', signature, '-f', signersFile]);
  if (isMissing(found.error)) return { fault: withoutKeygen().detail };
  const [principal = ''] = found.stdout.split('\n');
  if (principal === '') return { fault: `a signature by none of ${signersFile}: ${said(found.stderr, '')}` };
  const { status, stdout, stderr } = keygen(['-Y', 'verify', '-f', signersFile, '-I', principal, ...common], input);
  return status === 0 ? { signer: principal } : { fault: said(stderr, stdout) };
}

function keygen(argv: readonly string[], input: Buffer | '' = ''): SpawnSyncReturns<string> {
  return spawnSync('ssh-keygen', argv, { input, encoding: 'utf8' });
}

// A program that ends before it has read its input is an error, too (EPIPE): its answer counts.
function isMissing(error: Error | undefined): boolean {
  return errorCode(error) === 'ENOENT';
}

// The reason is the last line of errors; without one, ssh-keygen says only that it failed.
function said(stderr: string, stdout: string): string {
  const last = (text: string): string | undefined =>
    text
      .split(/\r?\n/)
      .map((line) => line.trim().replace(/\.$/, ''))
      .findLast((line) => line !== '');
  return last(stderr) ?? last(stdout) ?? 'no answer of ssh-keygen';
}
