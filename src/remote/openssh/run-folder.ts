import { constants } from 'node:fs';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { execPath } from 'node:process';
import { shellLine } from '../../core/shell.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { LocalUser } from '../local-user.ts';

/** A folder of mode 0700 for one connection to a host: sockets, logs and small scripts of ssh. It holds no secret. */
export interface RunFolder {
  readonly path: string;
  /** The socket on which questions are answered. */
  readonly questions: string;
  /** The program that ssh calls with a question (`SSH_ASKPASS`). `hop`: 0 is the host, others are jump hosts before it. */
  askpass(hop: number): string;
  remove(): Promise<void>;
}

/** A socket's path has at most 103 bytes everywhere (sun_path), and ssh adds 17 to that of a new one. */
const PATH_MAX = 103 - '/hxllm-XXXXXX/m99.'.length - 17;

const PROGRAM = join(import.meta.dirname, `askpass-program${extname(import.meta.filename)}`);

/**
 * Makes the folder where a path is short enough and programs may run (`/tmp` may be mounted with noexec), with one askpass program for
 * each of the `processes` that log in.
 */
export async function createRunFolder(
  localUser: LocalUser,
  name: string,
  processes: number,
): Promise<Result<RunFolder>> {
  const { environment, home } = localUser;
  const places = [environment['XDG_RUNTIME_DIR'], environment['TMPDIR'], '/tmp', '/var/tmp', home];
  const tried = new Set(places.filter((place): place is string => place?.startsWith('/') === true));
  for (const place of tried) {
    const made = place.length > PATH_MAX ? undefined : await makeIn(place, processes);
    if (made !== undefined) return ok(made);
  }
  return fail({
    code: 'config.ssh',
    summary: `${name}: no folder for the sockets of ssh`,
    detail: `Expected a folder that can be written, that may hold programs (no noexec) and whose path has at most ${String(PATH_MAX)} bytes, found none of: ${[...tried].join(', ')}.`,
    fix: 'mkdir -p ~/tmp && export TMPDIR=~/tmp',
    where: { host: name },
  });
}

async function makeIn(place: string, processes: number): Promise<RunFolder | undefined> {
  const path = await mkdtemp(join(place, 'hxllm-')).catch(() => undefined);
  if (path === undefined) return undefined;
  const [questions, remove] = [join(path, 'q'), () => rm(path, { recursive: true, force: true })];
  const askpass = (hop: number): string => join(path, `askpass-${String(hop)}`);
  try {
    for (let hop = 0; hop < processes; hop += 1) {
      const line = shellLine([execPath, '--no-warnings', PROGRAM, questions, String(hop)]);
      await writeFile(askpass(hop), `#!/bin/sh\nexec ${line} "$1"\n`, { mode: 0o700 });
      // Linux refuses this on a file system with noexec, too.
      await access(askpass(hop), constants.X_OK);
    }
    return { path, questions, askpass, remove };
  } catch {
    await remove().catch(() => undefined);
    return undefined;
  }
}
