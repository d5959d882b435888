import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { errorCode, errorMessage } from '../../core/error.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { CHAIN_LOCK } from '../chain/lock.ts';
import { placeOfRun, type ChainLink } from '../chain/link.ts';
import { CHECK_PAGE, CHECK_SCRIPT } from './check-page.ts';

// Evidence names hosts and addresses.
const FILE_MODE = 0o600;
const WITHOUT_TEMPORARY = 'TMPDIR=DIR, before the same command  # a folder for temporary files that you may write to';

/**
 * Packs an evidence folder into one archive (tar, gzip) for an auditor: the folder, a page that says how to check it
 * without hxllm, and the script of that page. Problem `evidence.not-kept`.
 */
export function exportEvidence(root: string, links: readonly ChainLink[], archive: string): Result<void> {
  let extra: string | undefined;
  try {
    extra = mkdtempSync(join(tmpdir(), 'hxllm-export-'));
    const head = links.at(-1);
    const page = CHECK_PAGE.replaceAll('HEAD_RUN', head === undefined ? 'none' : placeOfRun(head));
    const files: Readonly<Record<string, string>> = {
      'CHECK.md': page.replaceAll('HEAD_HASH', head?.sha256 ?? 'none'),
      'check.sh': CHECK_SCRIPT,
    };
    for (const [file, text] of Object.entries(files)) writeFileSync(join(extra, file), text, { mode: 0o600 });
    // The folder has this name in the archive, whatever its name here.
    const named = String.raw`--transform=s,^\.,evidence,`;
    const argv = ['-cz', '--owner=0', '--group=0', `--exclude=./${CHAIN_LOCK}`, '--exclude=.opening-*', named];
    const output = openSync(archive, 'wx', FILE_MODE);
    const packed = spawnSync('tar', [...argv, '-C', extra, ...Object.keys(files), '-C', root, '.'], {
      encoding: 'utf8',
      stdio: ['ignore', output, 'pipe'],
    });
    closeSync(output);
    if (packed.status === 0) return ok(undefined);
    rmSync(archive);
    const found = errorCode(packed.error) === 'ENOENT' ? 'no tar in PATH' : packed.stderr.trim().split('\n').at(-1);
    return notWritten(archive, found ?? 'no message');
  } catch (error) {
    return notWritten(archive, errorMessage(error), extra === undefined ? WITHOUT_TEMPORARY : undefined);
  } finally {
    if (extra !== undefined) rmSync(extra, { recursive: true });
  }
}

function notWritten(archive: string, found: string, fix?: string): Result<never> {
  return fail({
    code: 'evidence.not-kept',
    summary: 'the archive was not written',
    detail: `Expected tar to write ${archive}, found: ${found}.`,
    fix: fix ?? `ls -ld ${dirname(archive)}; df -h ${dirname(archive)}  # or another place, with --output FILE`,
    where: { file: archive },
  });
}
