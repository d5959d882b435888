import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { errorCode } from '../core/error.ts';
import type { Problem } from '../core/problem.ts';
import { makeFolders } from './make-folders.ts';

// Evidence names hosts, versions and addresses. The operator decides who may read it.
const FOLDER_MODE = 0o700;
const WRITABLE_BY_OTHERS = 0o022;
const HAS_PROC = existsSync('/proc/self/fd');

/** A folder that cannot be used; its Problem says why. */
export class UnfitFolder extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/**
 * A folder of the running user, held open, to which no other user may write. A file at {@link at} lands in this folder, even if the
 * folder is renamed and a link put in its place. Without /proc the path counts as it is when the file is opened.
 */
export class OwnFolder {
  readonly path: string;
  readonly #handle: number;

  /** Opens a folder, and creates it if need be. Throws {@link UnfitFolder}, or an error of the system. */
  constructor(path: string, reached = path) {
    this.path = path;
    mkdirUnlessThere(reached);
    this.#handle = openFolder(path, reached);
    const { uid, mode } = fstatSync(this.#handle);
    const me = userInfo().uid;
    if (uid === me && (mode & WRITABLE_BY_OTHERS) === 0) return;
    closeSync(this.#handle);
    throw new UnfitFolder(uid === me ? writableByOthers(path) : ownedByOther(path, uid));
  }

  /** The way to an entry of this folder. */
  at(name: string): string {
    return HAS_PROC ? `/proc/self/fd/${String(this.#handle)}/${name}` : join(this.path, name);
  }

  /** The folder of this name below, opened, and created if need be. */
  below(name: string): OwnFolder {
    return new OwnFolder(join(this.path, name), this.at(name));
  }

  close(): void {
    closeSync(this.#handle);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The root of the evidence: this folder, or the user's own one below it if it belongs to somebody else. */
export function openEvidenceRoot(path: string, userName: string): OwnFolder {
  try {
    makeFolders(path, FOLDER_MODE);
    return new OwnFolder(path);
  } catch (error) {
    if (!(error instanceof UnfitFolder) || error.problem.code !== 'usage.evidence-dir') throw error;
    try {
      return new OwnFolder(join(path, userName.replaceAll(/[^\w.-]/g, '_')));
    } catch (deeper) {
      // Neither is there a folder of the user's own, nor may it be made.
      throw ['EACCES', 'EPERM', 'EROFS'].includes(errorCode(deeper)) ? error : deeper;
    }
  }
}

function mkdirUnlessThere(path: string): void {
  try {
    mkdirSync(path, { mode: FOLDER_MODE });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

function openFolder(path: string, reached: string): number {
  try {
    return openSync(reached, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (!['ENOTDIR', 'ELOOP'].includes(errorCode(error))) throw error;
    throw new UnfitFolder({
      code: 'config.evidence-dir',
      summary: 'the evidence folder is not a folder',
      detail: `Expected a folder at ${path}, found a file or a link, which hxllm does not follow.`,
      fix: `ls -ld ${path}  # then remove it, or choose another folder with --evidence-dir DIR`,
      where: { file: path },
    });
  }
}

function writableByOthers(path: string): Problem {
  return {
    code: 'config.evidence-dir',
    summary: 'other users may write to the evidence folder',
    detail: `Expected ${path} to be writable for its owner alone, found that its group or all users may write to it: they could replace evidence, or lead what is written to other files.`,
    fix: `chmod go-w ${path}`,
    where: { file: path },
  };
}

function ownedByOther(path: string, uid: number): Problem {
  return {
    code: 'usage.evidence-dir',
    summary: 'the evidence folder belongs to another user',
    detail: `Expected ${path} to belong to the user who runs hxllm, found the owner ${String(uid)}.`,
    fix: `--evidence-dir ${path}-$USER  # or a folder in your home`,
    where: { file: path },
  };
}
