import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { fail, ok, type Result } from '../../../core/problem.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** The evidence folder of a command line that reads it: `--evidence-dir`, else `evidence`; in another user's folder, the own one below it. */
export function readEvidenceFolder(
  { cwd, userName }: Pick<Terminal, 'cwd' | 'userName'>,
  evidenceDir: string | undefined,
): Result<string> {
  const path = resolve(cwd, evidenceDir ?? 'evidence');
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true)
    return fail({
      code: 'usage.evidence-dir',
      summary: 'there is no evidence',
      detail: `Expected the evidence folder at ${path}, found ${found === undefined ? 'nothing' : 'a file'}.`,
      fix: 'hxllm preflight  # every phase leaves evidence; or name the folder with --evidence-dir DIR',
      where: { file: path },
    });
  const own = join(path, userName.replaceAll(/[^\w.-]/g, '_'));
  const isOwn = found.uid !== userInfo().uid && statSync(own, { throwIfNoEntry: false })?.isDirectory() === true;
  return ok(isOwn ? own : path);
}
